/** What a job is, seen from its tasks. */
import { type TaskState, taskStates } from "./task-state.ts";

export type JobState = "submitted" | "running" | "started" | "completed" | "failed" | "canceled";

export type TaskCounts = Readonly<Record<TaskState, number>>;

export interface JobFacts {
  readonly tasks: TaskCounts;
  /** CancelJob was called, and RetryJob not since. */
  readonly canceled: boolean;
  /** Some task was claimed once. */
  readonly started: boolean;
  /** Groups of root tasks with a member whose subtree is not done. */
  readonly openRootGroups: number;
}

/**
 * [doc: jobs] with what the documents leave open: a canceled job stays canceled when its last running tasks
 * finish or fail, because that is what somebody did to it. Queued after having run, with nothing computed,
 * is "running", as a job whose only task had failed was after RetryJob. [recording]
 */
export function jobState({ tasks, canceled, started, openRootGroups }: JobFacts): JobState {
  if (canceled) return "canceled";
  if (tasks.failed > 0) return "failed";
  if (openRootGroups === 0) return "completed";
  if (!started) return "submitted";
  if (tasks.running > 0) return "running";
  return tasks.computed + tasks["failed-optional"] > 0 ? "started" : "running";
}

/** Whether tasks of the job are handed out. Failed and canceled jobs keep theirs queued for RetryJob. */
export function isOpen(state: JobState): boolean {
  switch (state) {
    case "submitted":
    case "running":
    case "started":
      return true;
    case "completed":
    case "failed":
    case "canceled":
      return false;
  }
}

/** Times in milliseconds since 1970-01-01T00:00:00Z. */
export interface JobTimes {
  readonly firstStartedMs: number | undefined;
  readonly lastStoppedMs: number | undefined;
  /** Sum over every run of every task: what was computed twice was paid for twice. */
  readonly computeMs: number;
}

export interface ExecutionStats {
  readonly firstStartedMs: number | undefined;
  readonly lastStoppedMs: number | undefined;
  readonly computeMs: number | undefined;
  readonly elapsedMs: number | undefined;
  readonly parallelism: number;
  readonly totalTasks: number;
  /** Only states that occur, in the order of the wire's numbers. */
  readonly tasksByState: readonly { readonly state: TaskState; readonly count: number }[];
}

/**
 * Durations are absent until a task has stopped. [recording] Parallelism was exactly 1 where compute time
 * was 0.79 of the elapsed time [recording]: waiting is no less than one at a time.
 */
export function executionStats(tasks: TaskCounts, times: JobTimes): ExecutionStats {
  const { firstStartedMs, lastStoppedMs, computeMs } = times;
  const elapsedMs =
    firstStartedMs === undefined || lastStoppedMs === undefined
      ? undefined
      : Math.max(0, lastStoppedMs - firstStartedMs);
  return {
    firstStartedMs,
    lastStoppedMs,
    computeMs: elapsedMs === undefined ? undefined : computeMs,
    elapsedMs,
    parallelism: elapsedMs === undefined ? 0 : elapsedMs === 0 ? 1 : Math.max(1, computeMs / elapsedMs),
    totalTasks: taskStates.reduce((sum, state) => sum + tasks[state], 0),
    tasksByState: taskStates
      .map((state) => ({ state, count: tasks[state] }))
      .filter(({ count }) => count > 0),
  };
}
