import type { JobStore } from "../store/job-port.ts";
import type { LoadMethod } from "./grpc-unary.ts";
import { loadOnce } from "./load-once.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import type { RunnerState } from "./runner-state.ts";

/**
 * What runners, and programs that submit jobs, call all the time, by path; the services have these methods too, for
 * every other protocol. Each is loaded by its first call.
 */
export function createFrequentMethods(
  jobs: JobStore,
  runners: RunnerState,
  report: ReportFailure,
): ReadonlyMap<string, LoadMethod> {
  const tasks = loadOnce(async () => {
    const { createTaskMethods } = await import("./task-methods.ts");
    return createTaskMethods({ jobs, report, ...runners });
  });
  const submitJob = loadOnce(async () => {
    const { createSubmitMethod } = await import("./submit-method.ts");
    return createSubmitMethod(jobs);
  });
  return new Map([
    ["/workflows.v1.JobService/SubmitJob", submitJob],
    ["/workflowrelease.v1.RunnerService/NextTasks", loadOnce(async () => (await tasks()).nextTasks)],
    ["/workflows.v1.TaskService/NextTask", loadOnce(async () => (await tasks()).nextTask)],
    ["/workflows.v1.TaskService/TaskFailed", loadOnce(async () => (await tasks()).taskFailed)],
    ["/workflows.v1.TaskService/ExtendTaskLease", loadOnce(async () => (await tasks()).extendTaskLease)],
  ]);
}
