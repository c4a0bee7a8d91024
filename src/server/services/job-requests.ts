/** The limits of JobService's requests, and how each becomes values that cannot be wrong. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { IDInterval, TimeInterval as WireTimeInterval } from "../../api/gen/tilebox/v1/query_pb.ts";
import { SortDirection } from "../../api/gen/tilebox/v1/query_pb.ts";
import type * as wire from "../../api/gen/workflows/v1/job_pb.ts";
import type { JobId } from "../../engine/job.ts";
import { parseSingleTasks } from "../../engine/single-tasks.ts";
import {
  parseSubmission,
  type Submission,
  type SubmittedGroup,
  submissionLimits,
} from "../../engine/submission.ts";
import type { JobQuery, NewJob, TaskQuery, TimeInterval } from "../../store/job-port.ts";
import { durationMs } from "./duration.ts";
import { jobStateOfWire, taskStateOfWire } from "./job-answers.ts";
import { checkRequest, type RequestFields } from "./request-fields.ts";

/** [doc] at least 1; the maximum is ours. */
const jobName = { min: 1, max: 1_000 };
/** [doc] at least 1; W3C's form has 55 characters and may grow. */
const traceParent = { min: 1, max: 256 };
/** [doc] */
const nameFilter = { min: 0, max: 100 };
const filterEntries = { min: 0, max: 1_000 };
/** [doc] */
const clonedTasks = 64;
const defaultPage = 100;
/** A page of children for each task of a page: with it both are bounded, so that an answer has 10,000 tasks at most. */
const prefetchedTasks = 100;

export function checkSubmitJob(request: wire.SubmitJobRequest): NewJob {
  return checkRequest("SubmitJob", (fields) => ({
    name: fields.text("job_name", request.jobName, jobName),
    traceParent: fields.text("trace_parent", request.traceParent, traceParent),
    automation:
      request.automationId === undefined ? undefined : fields.id("automation_id", request.automationId),
    groups: rootGroups(fields, request),
  }));
}

function rootGroups(fields: RequestFields, request: wire.SubmitJobRequest): readonly SubmittedGroup[] {
  const { tasks, legacyTasks } = request;
  if (tasks !== undefined && tasks.taskGroups.length > 0)
    return submitted(fields, "tasks", parseSubmission(tasks));
  if (legacyTasks.length === 0) fields.problem("tasks", "must have at least one task");
  return submitted(fields, "legacy_tasks", parseSingleTasks(legacyTasks, submissionLimits.singleTasks));
}

function submitted(fields: RequestFields, field: string, submission: Submission): readonly SubmittedGroup[] {
  if (submission.ok) return submission.groups;
  for (const problem of submission.problems) fields.problem(field, problem);
  return [];
}

export function checkJobId(method: string, request: { readonly jobId?: wire.GetJobRequest["jobId"] }): JobId {
  return checkRequest(method, (fields) => fields.id("job_id", request.jobId));
}

export function checkCloneJob(request: wire.CloneJobRequest) {
  return checkRequest("CloneJob", (fields) => {
    const { rootTasksOverrides: tasks } = request;
    if (tasks.length === 0) fields.problem("root_tasks_overrides", "must have at least one task");
    return {
      job: fields.id<"job">("job_id", request.jobId),
      name: fields.text("job_name", request.jobName, jobName),
      groups: submitted(fields, "root_tasks_overrides", parseSingleTasks(tasks, clonedTasks)),
    };
  });
}

export function checkListJobTasks(
  request: wire.ListJobTasksRequest,
): TaskQuery & { readonly prefetch: number } {
  return checkRequest("ListJobTasks", (fields) => {
    const { limit, startingAfter } = fields.page<"task">(request.page);
    const { prefetchChildren: prefetch } = request;
    if (prefetch !== undefined && prefetch.limit < 1n)
      fields.problem("prefetch_children.limit", "must be at least 1");
    return {
      job: fields.id("job_id", request.jobId),
      parent:
        request.parentTaskId === undefined ? undefined : fields.id("parent_task_id", request.parentTaskId),
      limit:
        prefetch === undefined ? (limit ?? defaultPage) : Math.min(limit ?? defaultPage, prefetchedTasks),
      startingAfter,
      prefetch: prefetch === undefined ? 0 : Math.min(Number(prefetch.limit), prefetchedTasks),
    };
  });
}

export function checkQueryJobs(request: wire.QueryJobsRequest): JobQuery {
  return checkRequest("QueryJobs", (fields) => {
    const { limit, startingAfter } = fields.page<"job">(request.page);
    const { filters } = request;
    if (filters?.timeInterval !== undefined && filters.idInterval !== undefined) {
      fields.problem("filters", "must not have both time_interval and id_interval");
    }
    return {
      time: readTimeInterval(filters?.timeInterval),
      ids: readIdInterval(fields, filters?.idInterval),
      states: fields.list("filters.states", filters?.states ?? [], filterEntries, (field, state) =>
        known(fields, field, jobStateOfWire(state), state),
      ),
      taskStates: fields.list(
        "filters.task_states",
        filters?.taskStates ?? [],
        filterEntries,
        (field, state) => known(fields, field, taskStateOfWire(state), state),
      ),
      clusters: fields.list(
        "filters.cluster_slugs",
        filters?.clusterSlugs ?? [],
        filterEntries,
        (field, slug) => fields.slug(field, slug),
      ),
      automations: fields.list(
        "filters.automation_ids",
        filters?.automationIds ?? [],
        filterEntries,
        (field, id) => fields.id<"automation">(field, id),
      ),
      nameWords: fields
        .text("filters.name", filters?.name ?? "", nameFilter)
        .toLowerCase()
        .split(/\s+/)
        .filter(Boolean),
      direction: request.sortDirection === SortDirection.ASCENDING ? "ascending" : "descending",
      limit: limit ?? defaultPage,
      startingAfter,
    };
  });
}

/** The value was checked by the caller's own table; what is not in it is said and then never seen. */
function known<State>(fields: RequestFields, field: string, state: State | undefined, code: number): State {
  if (state === undefined) fields.problem(field, `is no state: ${code}`);
  return state as State;
}

function readIdInterval(fields: RequestFields, interval: IDInterval | undefined): JobQuery["ids"] {
  if (interval === undefined) return undefined;
  const { startId, endId, startExclusive, endInclusive } = interval;
  return {
    start: startId === undefined ? undefined : fields.id("filters.id_interval.start_id", startId),
    end: endId === undefined ? undefined : fields.id("filters.id_interval.end_id", endId),
    startExclusive,
    endInclusive,
  };
}

/** The wire's interval, which may include or exclude each end, as whole milliseconds with the end excluded. */
export function readTimeInterval(interval: WireTimeInterval): TimeInterval;
export function readTimeInterval(interval: WireTimeInterval | undefined): TimeInterval | undefined;
export function readTimeInterval(interval: WireTimeInterval | undefined): TimeInterval | undefined {
  if (interval === undefined) return undefined;
  const { startTime, endTime, startExclusive, endInclusive } = interval;
  return {
    fromMs: startTime === undefined ? undefined : wholeMs(startTime, startExclusive),
    beforeMs: endTime === undefined ? undefined : wholeMs(endTime, endInclusive),
  };
}

/** The first whole millisecond at or after the time; `beyond`: after it. */
function wholeMs({ seconds, nanos }: Timestamp, beyond: boolean): number {
  const ms = Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);
  return beyond || nanos % 1_000_000 > 0 ? ms + 1 : ms;
}

export function checkQueueStats(request: wire.GetTaskQueueStatsRequest, nowMs: number): TimeInterval {
  const interval = readTimeInterval(request.jobTimeInterval);
  const oldestMs = request.jobMaxAge === undefined ? undefined : nowMs - durationMs(request.jobMaxAge);
  const starts = [interval?.fromMs, oldestMs].filter((ms) => ms !== undefined);
  return {
    fromMs: starts.length === 0 ? undefined : Math.max(...starts),
    beforeMs: interval?.beforeMs,
  };
}
