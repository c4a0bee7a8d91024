/** A job as people and programs read it. */
import { type Duration, durationMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Job,
  JobState as WireJobState,
  TaskState as WireTaskState,
} from "../api/gen/workflows/v1/core_pb.ts";
import { idFromBytes } from "../engine/id.ts";
import type { JobState } from "../engine/job-state.ts";

export interface JobView {
  readonly id: string;
  readonly name: string;
  readonly state: JobState | "unknown";
  readonly submittedAt: string | undefined;
  readonly startedAt: string | undefined;
  readonly stoppedAt: string | undefined;
  readonly elapsedMs: number | undefined;
  /** Summed over all runs of all tasks. */
  readonly computeMs: number | undefined;
  readonly totalTasks: number;
  /** States that occur. */
  readonly tasks: Readonly<Record<string, number>>;
  readonly progress: readonly { readonly label: string; readonly total: number; readonly done: number }[];
}

export function viewJob(job: Job): JobView {
  const stats = job.executionStats;
  return {
    id: idFromBytes(job.id?.uuid ?? new Uint8Array()) ?? "",
    name: job.name,
    state: jobStates[job.state] ?? "unknown",
    submittedAt: isoTime(job.submittedAt),
    startedAt: isoTime(stats?.firstTaskStartedAt),
    stoppedAt: isoTime(stats?.lastTaskStoppedAt),
    elapsedMs: milliseconds(stats?.elapsedTime),
    computeMs: milliseconds(stats?.computeTime),
    totalTasks: Number(stats?.totalTasks ?? 0n),
    tasks: Object.fromEntries(
      (stats?.tasksByState ?? []).map(({ state, count }) => [taskStates[state] ?? "unknown", Number(count)]),
    ),
    progress: job.progress.map(({ label, total, done }) => ({
      label,
      total: Number(total),
      done: Number(done),
    })),
  };
}

const jobStates: Readonly<Record<number, JobState>> = {
  [WireJobState.SUBMITTED]: "submitted",
  [WireJobState.RUNNING]: "running",
  [WireJobState.STARTED]: "started",
  [WireJobState.COMPLETED]: "completed",
  [WireJobState.FAILED]: "failed",
  [WireJobState.CANCELED]: "canceled",
};

const taskStates: Readonly<Record<number, string>> = {
  [WireTaskState.QUEUED]: "queued",
  [WireTaskState.RUNNING]: "running",
  [WireTaskState.COMPUTED]: "computed",
  [WireTaskState.FAILED]: "failed",
  [WireTaskState.SKIPPED]: "skipped",
  [WireTaskState.FAILED_OPTIONAL]: "failed-optional",
};

function isoTime(time: Timestamp | undefined): string | undefined {
  return time === undefined ? undefined : new Date(timestampMs(time)).toISOString();
}

function milliseconds(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : durationMs(duration);
}
