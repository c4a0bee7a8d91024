/**
 * What is known of each call beside its messages: whether it may be sent twice, and what is missing
 * when it answers not_found.
 */
import type { RunnerService } from "./gen/workflowrelease/v1/runner_pb.ts";
import type { JobService } from "./gen/workflows/v1/job_pb.ts";
import type { TaskService } from "./gen/workflows/v1/task_pb.ts";
import type { TelemetryQueryService } from "./gen/workflows/v1/telemetry_pb.ts";
import type { WorkflowsService } from "./gen/workflows/v1/workflows_pb.ts";

export type Missing = "workflow" | "release" | "cluster" | "artifact" | "job";

/** What was being asked, for the message and for what a bare status code leaves open. */
export interface FailedCall {
  /** As a person would name it: `GetWorkflow`, `uploading the artifact`. */
  readonly name: string;
  /** `host[:port]`. */
  readonly host: string;
  readonly missing: readonly Missing[];
  readonly signal: AbortSignal | undefined;
}

export interface CallRule {
  /**
   * Sending it again after a lost answer ends in the same state and the same answer. Deploy and undeploy
   * name the state they want; publish answers an existing release of the same content. Create and delete
   * are not here: the second answer is another one. SubmitJob would run twice, NextTask would leave a task
   * leased to nobody.
   */
  readonly repeatable: boolean;
  /** The most likely first: a foreign control plane's message decides between them. */
  readonly missing: readonly Missing[];
}

const read = (...missing: Missing[]): CallRule => ({ repeatable: true, missing });
const repeatable = read;
const once = (...missing: Missing[]): CallRule => ({ repeatable: false, missing });

/** By method, for each service; typed so that a method without a rule does not compile. */
export const callRules = {
  workflows: {
    createCluster: once(),
    getCluster: read("cluster"),
    updateCluster: repeatable("cluster"),
    deleteCluster: once("cluster"),
    listClusters: read(),
    createWorkflow: once(),
    listWorkflows: read(),
    listPublicWorkflows: read(),
    getWorkflow: read("workflow"),
    updateWorkflow: repeatable("workflow"),
    deleteWorkflow: once("workflow"),
    publishWorkflowRelease: repeatable("workflow", "artifact"),
    unpublishWorkflowRelease: once("release", "workflow"),
    deployWorkflowRelease: repeatable("release", "cluster", "workflow"),
    undeployWorkflowRelease: repeatable("release", "cluster", "workflow"),
  } satisfies Record<keyof typeof WorkflowsService.method, CallRule>,
  tasks: {
    nextTask: once("cluster"),
    taskFailed: repeatable(),
    extendTaskLease: repeatable(),
  } satisfies Record<keyof typeof TaskService.method, CallRule>,
  runner: {
    nextTasks: once("cluster"),
  } satisfies Record<keyof typeof RunnerService.method, CallRule>,
  jobs: {
    submitJob: once("cluster"),
    getJob: read("job"),
    listJobTasks: read("job"),
    retryJob: once("job"),
    cancelJob: repeatable("job"),
    visualizeJob: read("job"),
    queryJobs: read(),
    getJobPrototype: read("job"),
    cloneJob: once("job"),
    getJobStateCounts: read(),
    getTaskQueueStats: read(),
  } satisfies Record<keyof typeof JobService.method, CallRule>,
  telemetry: {
    queryJobLogs: read("job"),
    queryLogsInInterval: read(),
    getLogMessageCounts: read(),
    queryJobSpans: read("job"),
  } satisfies Record<keyof typeof TelemetryQueryService.method, CallRule>,
};
