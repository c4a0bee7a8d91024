/** The gate of auth.ts in front of RPC handlers, and who called as they see it. */
import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import { RunnerService } from "../api/gen/workflowrelease/v1/runner_pb.ts";
import { JobService } from "../api/gen/workflows/v1/job_pb.ts";
import { StorageLocationService } from "../api/gen/workflows/v1/storage_location_pb.ts";
import { TaskService } from "../api/gen/workflows/v1/task_pb.ts";
import { TelemetryQueryService } from "../api/gen/workflows/v1/telemetry_pb.ts";
import { WorkflowsService } from "../api/gen/workflows/v1/workflows_pb.ts";
import { SystemError } from "../errors.ts";
import { type Authenticate, type Caller, requireRole } from "./auth.ts";

/** What the role `runner` may call; everything else, also what is added later, is for `admin`. */
const runnerServices = new Set<string>(
  [TaskService, RunnerService, JobService, TelemetryQueryService, StorageLocationService].map(
    ({ typeName }) => typeName,
  ),
);
const runnerWorkflowMethods = new Set<string>(
  [
    WorkflowsService.method.getCluster,
    WorkflowsService.method.listClusters,
    WorkflowsService.method.getWorkflow,
    WorkflowsService.method.listWorkflows,
    WorkflowsService.method.listPublicWorkflows,
  ].map(({ name }) => name),
);

/** No default: a handler that is mounted without a gate must fail, not trust. */
const callerKey = createContextKey<Caller | undefined>(undefined);

/** For the router's `requestGate`. */
export function createRpcGate(authenticate: Authenticate): (context: HandlerContext) => Promise<void> {
  return async (context) => {
    const caller = await authenticate(context.requestHeader.get("authorization") ?? undefined);
    const { service, method } = context;
    const forRunners =
      runnerServices.has(service.typeName) ||
      (service.typeName === WorkflowsService.typeName && runnerWorkflowMethods.has(method.name));
    requireRole(caller, forRunners ? "runner" : "admin", `call ${method.name}`);
    context.values.set(callerKey, caller);
  };
}

/** Who called: for handlers. */
export function callerOf(context: Pick<HandlerContext, "values">): Caller {
  const caller = context.values.get(callerKey);
  if (caller === undefined) throw new SystemError("internal", "A call reached its handler without a gate");
  return caller;
}
