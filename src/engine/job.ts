/** The values of jobs and tasks, as every room behind the wire knows them. Times in milliseconds since 1970. */
import type { Id } from "./id.ts";
import type { ExecutionStats, JobState } from "./job-state.ts";
import type { Progress } from "./progress.ts";
import type { Slug } from "./slug.ts";
import type { TaskIdentifier } from "./task-identifier.ts";
import type { TaskState } from "./task-state.ts";

export type JobId = Id<"job">;
export type TaskId = Id<"task">;
export type AutomationId = Id<"automation">;

/** What a task that is handed out says of its job. */
export interface JobRef {
  readonly id: JobId;
  readonly name: string;
  /** W3C traceparent under which the job was submitted; spans of its tasks belong to that trace. */
  readonly traceParent: string;
  readonly submittedAtMs: number;
}

export interface Job extends JobRef {
  readonly automation: AutomationId | undefined;
  readonly state: JobState;
  readonly stats: ExecutionStats;
  /** Sums over the tasks' latest reports, labels in the order they first appeared. */
  readonly progress: readonly Progress[];
}

/** A task as lists and trees show it. */
export interface TaskSummary {
  readonly id: TaskId;
  readonly parent: TaskId | undefined;
  readonly identifier: TaskIdentifier;
  readonly display: string;
  readonly state: TaskState;
  readonly submittedAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly stoppedAtMs: number | undefined;
  readonly input: Uint8Array;
  readonly retryCount: number;
  readonly maxRetries: number;
  readonly hasChildren: boolean;
  readonly cluster: Slug;
  readonly optional: boolean;
}
