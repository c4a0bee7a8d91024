/** How jobs and their tasks look on the wire. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ExecutionStatsSchema,
  type JobSchema,
  LegacyJobState,
  type SingleTaskSubmissionSchema,
  JobState as WireJobState,
  TaskState as WireTaskState,
} from "../../api/gen/workflows/v1/core_pb.ts";
import type { JobTaskPageSchema, TaskSummarySchema } from "../../api/gen/workflows/v1/job_pb.ts";
import { idToBytes } from "../../engine/id.ts";
import type { Job, TaskId, TaskSummary } from "../../engine/job.ts";
import type { ExecutionStats, JobState } from "../../engine/job-state.ts";
import type { SubmittedGroup } from "../../engine/submission.ts";
import type { TaskState } from "../../engine/task-state.ts";
import type { TaskPage } from "../../store/job-port.ts";
import { durationOf } from "./duration.ts";

const wireJobStates: Readonly<Record<JobState, WireJobState>> = {
  submitted: WireJobState.SUBMITTED,
  running: WireJobState.RUNNING,
  started: WireJobState.STARTED,
  completed: WireJobState.COMPLETED,
  failed: WireJobState.FAILED,
  canceled: WireJobState.CANCELED,
};

/** What SDKs before 0.46 read instead of the state. [recording: FAILED is STARTED and canceled] */
const legacyJobStates: Readonly<Record<JobState, LegacyJobState>> = {
  submitted: LegacyJobState.QUEUED,
  running: LegacyJobState.STARTED,
  started: LegacyJobState.STARTED,
  completed: LegacyJobState.COMPLETED,
  failed: LegacyJobState.STARTED,
  canceled: LegacyJobState.STARTED,
};

const wireTaskStates: Readonly<Record<TaskState, WireTaskState>> = {
  queued: WireTaskState.QUEUED,
  running: WireTaskState.RUNNING,
  computed: WireTaskState.COMPUTED,
  failed: WireTaskState.FAILED,
  skipped: WireTaskState.SKIPPED,
  "failed-optional": WireTaskState.FAILED_OPTIONAL,
};

const jobStatesOfWire = new Map(
  Object.entries(wireJobStates).map(([state, code]) => [code, state as JobState]),
);
const taskStatesOfWire = new Map(
  Object.entries(wireTaskStates).map(([state, code]) => [code, state as TaskState]),
);

export const wireJobState = (state: JobState): WireJobState => wireJobStates[state];
export const wireTaskState = (state: TaskState): WireTaskState => wireTaskStates[state];
/** Undefined for UNSPECIFIED and for what this version does not know. */
export const jobStateOfWire = (code: WireJobState): JobState | undefined => jobStatesOfWire.get(code);
export const taskStateOfWire = (code: WireTaskState): TaskState | undefined => taskStatesOfWire.get(code);

export function jobAnswer(job: Job): MessageInitShape<typeof JobSchema> {
  const { firstStartedMs } = job.stats;
  return {
    id: { uuid: idToBytes(job.id) },
    name: job.name,
    traceParent: job.traceParent,
    canceled: job.state === "failed" || job.state === "canceled",
    legacyState: legacyJobStates[job.state],
    submittedAt: timestampFromMs(job.submittedAtMs),
    ...(firstStartedMs === undefined ? {} : { startedAt: timestampFromMs(firstStartedMs) }),
    ...(job.automation === undefined ? {} : { automationId: { uuid: idToBytes(job.automation) } }),
    progress: job.progress.map(({ label, total, done }) => ({
      label,
      total: BigInt(total),
      done: BigInt(done),
    })),
    state: wireJobStates[job.state],
    executionStats: statsAnswer(job.stats),
  };
}

function statsAnswer(stats: ExecutionStats): MessageInitShape<typeof ExecutionStatsSchema> {
  const { firstStartedMs, lastStoppedMs, computeMs, elapsedMs } = stats;
  return {
    ...(firstStartedMs === undefined ? {} : { firstTaskStartedAt: timestampFromMs(firstStartedMs) }),
    ...(lastStoppedMs === undefined ? {} : { lastTaskStoppedAt: timestampFromMs(lastStoppedMs) }),
    ...(computeMs === undefined ? {} : { computeTime: durationOf(computeMs) }),
    ...(elapsedMs === undefined ? {} : { elapsedTime: durationOf(elapsedMs) }),
    parallelism: stats.parallelism,
    totalTasks: BigInt(stats.totalTasks),
    tasksByState: stats.tasksByState.map(({ state, count }) => ({
      state: wireTaskStates[state],
      count: BigInt(count),
    })),
  };
}

export function taskPageAnswer(
  parent: TaskId | undefined,
  { tasks, hasMore }: TaskPage,
): MessageInitShape<typeof JobTaskPageSchema> {
  const last = tasks.at(-1);
  return {
    ...(parent === undefined ? {} : { parentTaskId: { uuid: idToBytes(parent) } }),
    tasks: tasks.map(taskSummaryAnswer),
    ...(hasMore && last !== undefined ? { nextPage: nextPageAnswer(last.id) } : {}),
  };
}

/** SDKs take it as it is for the next request, and stop where there is none. */
export function nextPageAnswer(last: Job["id"] | TaskId) {
  return { startingAfter: { uuid: idToBytes(last) } };
}

function taskSummaryAnswer(task: TaskSummary): MessageInitShape<typeof TaskSummarySchema> {
  const { parent, startedAtMs, stoppedAtMs } = task;
  return {
    id: { uuid: idToBytes(task.id) },
    ...(parent === undefined ? {} : { parentId: { uuid: idToBytes(parent) } }),
    display: task.display,
    state: wireTaskStates[task.state],
    submittedAt: timestampFromMs(task.submittedAtMs),
    ...(startedAtMs === undefined ? {} : { startedAt: timestampFromMs(startedAtMs) }),
    ...(stoppedAtMs === undefined ? {} : { stoppedAt: timestampFromMs(stoppedAtMs) }),
    input: task.input,
    retryCount: BigInt(task.retryCount),
    maxRetries: BigInt(task.maxRetries),
    hasChildren: task.hasChildren,
    clusterSlug: task.cluster,
    optional: task.optional,
  };
}

/** One entry a task: a dependency on a group becomes one on each of its members. */
export function singleTaskAnswers(
  groups: readonly SubmittedGroup[],
): MessageInitShape<typeof SingleTaskSubmissionSchema>[] {
  let next = 0;
  const places = groups.map((group) => group.tasks.map(() => BigInt(next++)));
  return groups.flatMap(({ dependsOn, tasks }) => {
    const dependencies = dependsOn.flatMap((group) => places[group] ?? []);
    return tasks.map((task) => ({
      clusterSlug: task.cluster.kind === "default" ? "" : task.cluster.slug,
      identifier: { name: task.identifier.name, version: task.identifier.version },
      display: task.display,
      dependencies,
      maxRetries: BigInt(task.maxRetries),
      input: task.input,
    }));
  });
}
