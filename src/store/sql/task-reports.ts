import { failureText, newDisplay, withReason } from "../../engine/display.ts";
import type { TaskId } from "../../engine/job.ts";
import { decideTask, type FailureReason, type TaskChange, type TaskState } from "../../engine/task-state.ts";
import type { ComputedTask, FailureReport } from "../job-port.ts";
import { returned } from "./statement.ts";
import type { TaskCompletion } from "./task-completion.ts";
import type { PlaceableGroups, Placement, TaskInserter } from "./task-insert.ts";
import { type TaskRow, taskStateCodes, taskStateOfCode, toTaskFacts } from "./task-table.ts";
import type { TaskTables, TaskWork } from "./task-work.ts";

/** Carries out what runners report, and what their silence means. */
export interface TaskReports {
  /** @returns jobs.sequence of the task's job, also when the report changed nothing; undefined for an unknown task. */
  compute(work: TaskWork, computed: ComputedTask): number | undefined;
  /** @returns the state after it. */
  fail(work: TaskWork, report: FailureReport): TaskState | undefined;
  endLease(work: TaskWork, task: TaskRow): void;
  /** RetryJob, for one failed task. */
  retry(work: TaskWork, task: TaskRow & { readonly reported: string | null }): void;
}

/** How an attempt ended, beside what the change says. */
interface Ending {
  readonly display: string;
  readonly progress: FailureReport["progress"] | undefined;
}

export function createTaskReports(
  tables: TaskTables,
  inserter: TaskInserter,
  completion: TaskCompletion,
): TaskReports {
  const { tasks, queues, replaceProgress } = tables;

  /** Books the end of a run; a task that waited for its next run when the report came was booked before. */
  function bookStop(work: TaskWork, task: TaskRow, to: TaskState): void {
    const from = taskStateOfCode(task.state);
    const job = work.ledger.job(task.job);
    if (from === "running" && task.started_at_ms !== null) {
      job.compute_ms += Math.max(0, work.nowMs - task.started_at_ms);
    }
    if (from !== to) work.ledger.count(task.job, from, to);
    job.last_stopped_at_ms = Math.max(job.last_stopped_at_ms ?? 0, work.nowMs);
  }

  function stop(work: TaskWork, task: TaskRow, to: TaskState, reported: string | null, openGroups = 0): void {
    tasks.stop.run(taskStateCodes[to], work.nowMs, reported, openGroups, task.sequence);
    bookStop(work, task, to);
  }

  function compute(work: TaskWork, task: TaskRow, computed: ComputedTask, children: "queue" | "skip"): void {
    const submission = findSubmission(computed);
    if (typeof submission === "string") {
      // Refusing the report would end an official runner and leave the task to the next one.
      const display = withReason(newDisplay(displayOf(task), computed.display), submission);
      report(work, task, "fail", { display, progress: computed.progress });
      return;
    }
    const placement: Placement = {
      job: task.job,
      parent: task.sequence,
      optionalAncestor: task.optional === 1 ? task.sequence : task.optional_ancestor,
      state: children === "queue" ? "queued" : "skipped",
    };
    const openGroups = submission.groups.length === 0 ? 0 : inserter.insert(work, placement, submission);
    stop(
      work,
      task,
      "computed",
      computed.display === "" ? null : newDisplay("", computed.display),
      openGroups,
    );
    replaceProgress(task.job, task.sequence, computed.progress, isFirstReport(task));
    if (openGroups === 0) completion.complete(work, task);
  }

  /** What the task submitted, or why that cannot be. */
  function findSubmission({ subTasks }: ComputedTask): PlaceableGroups | string {
    if (typeof subTasks === "string") return subTasks;
    const found = inserter.findClusters(subTasks);
    if (!("unknown" in found)) return found;
    const names = found.unknown.map((slug) => `"${slug}"`).join(", ");
    return `Sub-tasks were submitted to clusters that do not exist: ${names}.`;
  }

  function displayOf(task: TaskRow): string {
    return returned(tasks.displays.get(task.sequence)).display;
  }

  function report(
    work: TaskWork,
    task: TaskRow,
    event: "fail" | "give-back" | "lease-end",
    ending: Ending,
  ): TaskState {
    const change = decideTask(toTaskFacts(task), event);
    const reported = ending.display === "" ? null : newDisplay("", ending.display);
    const state = applyEnd(work, task, change, reported);
    if (change.kind !== "none" && ending.progress !== undefined) {
      replaceProgress(task.job, task.sequence, ending.progress, isFirstReport(task));
    }
    return state;
  }

  function applyEnd(work: TaskWork, task: TaskRow, change: TaskChange, reported: string | null): TaskState {
    switch (change.kind) {
      case "requeue": {
        const { retryCount, lostCount, givenBackCount } = change.attempts;
        tasks.requeue.run(retryCount, lostCount, givenBackCount, reported, work.nowMs, task.sequence);
        bookStop(work, task, "queued");
        queues.setWaiting.run(1, task.job, task.queue);
        work.markReady(task.job, task.queue, 1);
        return "queued";
      }
      case "fail":
        stop(work, task, "failed", endDisplay(task, change.reason, reported));
        return "failed";
      case "fail-optional":
        stop(work, task, "failed-optional", endDisplay(task, change.reason, reported));
        if (change.givesUpBranch)
          completion.giveUp(work, task.job, returned(task.optional_ancestor ?? undefined));
        else completion.complete(work, task);
        return "failed-optional";
      case "skip":
        stop(work, task, "skipped", reported);
        completion.complete(work, task);
        return "skipped";
      case "none":
      case "run":
      case "compute":
      case "abandon":
        return taskStateOfCode(task.state);
    }
  }

  function endDisplay(task: TaskRow, reason: FailureReason, reported: string | null): string | null {
    if (reason === "workflow-error") return reported;
    return withReason(reported ?? displayOf(task), failureText(reason));
  }

  const known = (id: TaskId): TaskRow | undefined => tasks.byId.get(id);

  return {
    compute(work, computed) {
      const task = known(computed.id);
      if (task === undefined) return undefined;
      const change = decideTask(toTaskFacts(task), "compute");
      if (change.kind === "compute") compute(work, task, computed, change.children);
      return task.job;
    },

    fail(work, { id, display, progress, wasWorkflowError }) {
      const task = known(id);
      if (task === undefined) return undefined;
      return report(work, task, wasWorkflowError ? "fail" : "give-back", { display, progress });
    },

    endLease(work, task) {
      report(work, task, "lease-end", { display: "", progress: undefined });
    },

    retry(work, task) {
      const change = decideTask(toTaskFacts(task), "retry-job");
      if (change.kind !== "requeue") return;
      const { retryCount, lostCount, givenBackCount } = change.attempts;
      const stoppedAtMs = task.stopped_at_ms ?? work.nowMs;
      tasks.requeue.run(retryCount, lostCount, givenBackCount, task.reported, stoppedAtMs, task.sequence);
      work.ledger.count(task.job, "failed", "queued");
      queues.setWaiting.run(1, task.job, task.queue);
      work.markReady(task.job, task.queue, 1);
    },
  };
}

/** Whatever ends an attempt notes when. */
function isFirstReport(task: TaskRow): boolean {
  return task.stopped_at_ms === null;
}
