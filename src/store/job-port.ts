/**
 * Jobs and their tasks, as verbs. Like every part of the port: one method is one atomic step, a write's
 * promise is fulfilled when it is durable, any method can throw store-failed. The rules are in engine/.
 */
import type { ReadyTasks, RunnerOffer } from "../engine/claim.ts";
import type { AutomationId, Job, JobId, JobRef, TaskId, TaskSummary } from "../engine/job.ts";
import type { JobState } from "../engine/job-state.ts";
import type { Lease } from "../engine/lease.ts";
import type { Progress } from "../engine/progress.ts";
import type { ClusterRef } from "../engine/release.ts";
import type { Slug } from "../engine/slug.ts";
import type { SubmittedGroup } from "../engine/submission.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import type { TaskState } from "../engine/task-state.ts";
import type { VersionedIdentifier } from "../engine/task-version.ts";

export interface JobStore {
  /** Throws cluster-not-found, naming every unknown cluster. */
  submitJob(job: NewJob): Promise<Job>;
  /** Throws job-not-found. */
  getJob(id: JobId): Promise<Job>;
  queryJobs(query: JobQuery): Promise<{ readonly jobs: readonly Job[]; readonly hasMore: boolean }>;
  /** States that occur only. */
  countJobs(interval: TimeInterval): Promise<ReadonlyMap<JobState, number>>;
  readQueueStats(interval: TimeInterval): Promise<QueueStats>;
  /** Looks at the oldest open jobs only, `limit` of each state, so that it costs the same however many there are. */
  readQueueDepth(limit: number): Promise<QueueDepth>;
  /** A job that is completed or failed stays so, a canceled one too. Throws job-not-found. */
  cancelJob(id: JobId): Promise<void>;
  /**
   * Queues failed tasks again and hands out what waits; returns how many had failed. Nothing to do for a
   * job that is neither failed nor canceled. Throws job-not-found.
   */
  retryJob(id: JobId): Promise<number>;
  /** The tasks that one task submitted, or the job's root tasks, oldest first. Throws job-not-found. */
  listTasks(query: TaskQuery): Promise<TaskPage>;
  /** Every task of the job, parents before children, at most `limit`. Throws job-not-found. */
  readTaskTree(job: JobId, limit: number): Promise<readonly TreeTask[]>;
  /** What SubmitJob was given, without optional (the form it is answered in has no such field). Throws job-not-found. */
  readRootTasks(job: JobId, limit: number): Promise<readonly SubmittedGroup[]>;
  /** Undefined for an unknown task. */
  readQueuedTask(task: TaskId): Promise<QueuedTask | undefined>;

  /** Records what a runner computed and hands it its next task, both or either, in one step. */
  nextTask(request: NextTaskRequest): Promise<NextTaskResult>;
  /** Returns the state after the report; undefined for an unknown task. */
  failTask(report: FailureReport): Promise<TaskState | undefined>;
  /** Undefined when nobody holds the task. */
  extendLease(task: TaskId, askedMs: number): Promise<Lease | undefined>;
  /**
   * Takes tasks back whose lease has run out, a bounded number at once. `nextEndMs` is when the next lease ends,
   * in milliseconds since 1970, or earlier where another control plane may grant one that ends before; undefined
   * when no task is running.
   */
  endLeases(): Promise<{ readonly ended: number; readonly nextEndMs: number | undefined }>;
  /**
   * Calls back with tasks that can be claimed now, before they are durable: what the listener submits then
   * becomes durable together with them, or not at all. A hint, not a log. Returns a function that ends it.
   */
  onReady(listener: (ready: readonly ReadyTasks[]) => void): () => void;
}

export interface NewJob {
  readonly name: string;
  readonly traceParent: string;
  readonly automation: AutomationId | undefined;
  /** At least one, without circles. */
  readonly groups: readonly SubmittedGroup[];
}

/** Whole milliseconds since 1970, the end excluded; undefined is open. */
export interface TimeInterval {
  readonly fromMs: number | undefined;
  readonly beforeMs: number | undefined;
}

export interface JobQuery {
  readonly time: TimeInterval | undefined;
  readonly ids:
    | {
        readonly start: JobId | undefined;
        readonly end: JobId | undefined;
        readonly startExclusive: boolean;
        readonly endInclusive: boolean;
      }
    | undefined;
  /** Any of these; empty for all. So with the other lists. */
  readonly states: readonly JobState[];
  /** Jobs that have a task in any of these states. */
  readonly taskStates: readonly TaskState[];
  /** Jobs that have a task for any of these clusters. */
  readonly clusters: readonly Slug[];
  readonly automations: readonly AutomationId[];
  /** Words, all of which occur in the job's name, in lower case. */
  readonly nameWords: readonly string[];
  readonly direction: "ascending" | "descending";
  readonly limit: number;
  readonly startingAfter: JobId | undefined;
}

export interface QueueStats {
  /** Jobs with queued tasks none of which is running. */
  readonly waitingJobs: number;
  readonly runningJobs: number;
  /** Of jobs that are neither failed nor canceled. */
  readonly queuedTasks: number;
  readonly oldestWaiting: Job | undefined;
}

/** What tasks can be claimed of, see isOpen. */
export type OpenJobState = Extract<JobState, "submitted" | "running" | "started">;

/** Of the jobs that were looked at. */
export interface QueueDepth {
  readonly jobs: Readonly<Record<OpenJobState, number>>;
  readonly queuedTasks: number;
  readonly runningTasks: number;
  /** When the oldest job was submitted that has queued tasks and none that runs, in milliseconds since 1970. */
  readonly oldestWaitingMs: number | undefined;
}

export interface TaskQuery {
  readonly job: JobId;
  /** Undefined for the root tasks. */
  readonly parent: TaskId | undefined;
  readonly limit: number;
  readonly startingAfter: TaskId | undefined;
}

export interface TaskPage {
  readonly tasks: readonly TaskSummary[];
  readonly hasMore: boolean;
}

/** A task as a picture of its job needs it. */
export interface TreeTask {
  readonly id: TaskId;
  readonly parent: TaskId | undefined;
  /** Tasks of one group have one number. */
  readonly group: number;
  /** The groups that must be done first. */
  readonly dependsOn: readonly number[];
  readonly identifier: TaskIdentifier;
  readonly display: string;
  readonly state: TaskState;
  readonly optional: boolean;
}

export interface QueuedTask {
  readonly state: TaskState;
  readonly job: JobState;
  readonly cluster: Slug;
  readonly identifier: VersionedIdentifier;
  readonly openDependencies: readonly string[];
}

export interface NextTaskRequest {
  readonly computed: ComputedTask | undefined;
  readonly offer: Offer | undefined;
}

export interface Offer extends Omit<RunnerOffer, "cluster"> {
  readonly cluster: ClusterRef;
}

export interface ComputedTask {
  readonly id: TaskId;
  /** Empty to keep the submitted one. */
  readonly display: string;
  readonly progress: readonly Progress[];
  /** What it submitted; a text when that cannot be carried out, and then the task fails with it. */
  readonly subTasks: readonly SubmittedGroup[] | string;
}

export interface NextTaskResult {
  /** Undefined when nothing was asked for, or nothing can be claimed. */
  readonly task: ClaimedTask | undefined;
}

export interface ClaimedTask {
  readonly id: TaskId;
  /** The runner's own: see chooseIdentifier. */
  readonly identifier: TaskIdentifier;
  readonly input: Uint8Array;
  readonly display: string;
  readonly job: JobRef;
  readonly retryCount: number;
  readonly lease: Lease;
}

export interface FailureReport {
  readonly id: TaskId;
  readonly display: string;
  readonly progress: readonly Progress[];
  /** False: the runner hands the task back without blame. */
  readonly wasWorkflowError: boolean;
}
