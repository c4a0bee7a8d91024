/** The one place where RPC services are registered, whatever they are mounted on. */
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { RunnerService } from "../api/gen/workflowrelease/v1/runner_pb.ts";
import { JobService } from "../api/gen/workflows/v1/job_pb.ts";
import { StorageLocationService } from "../api/gen/workflows/v1/storage_location_pb.ts";
import { TaskService } from "../api/gen/workflows/v1/task_pb.ts";
import { TelemetryQueryService } from "../api/gen/workflows/v1/telemetry_pb.ts";
import { WorkflowsService } from "../api/gen/workflows/v1/workflows_pb.ts";
import type { Authenticate } from "./auth.ts";
import { noteOutcome, outcomeOf } from "./call-outcome.ts";
import { type Peer, peerKey } from "./peer.ts";
import { errorInterceptor, type ReportFailure, toConnectError } from "./rpc-errors.ts";
import { createRpcGate } from "./rpc-gate.ts";

/** Methods that are left out answer `unimplemented`. */
export interface Services {
  readonly workflows?: Partial<ServiceImpl<typeof WorkflowsService>>;
  readonly tasks?: Partial<ServiceImpl<typeof TaskService>>;
  readonly jobs?: Partial<ServiceImpl<typeof JobService>>;
  readonly runner?: Partial<ServiceImpl<typeof RunnerService>>;
  readonly telemetry?: Partial<ServiceImpl<typeof TelemetryQueryService>>;
}

export interface RouteDeps {
  readonly authenticate: Authenticate;
  readonly report: ReportFailure;
  /** For a mount without connections: all its calls come from this one. */
  readonly peer?: Peer;
}

export type Routes = (router: ConnectRouter) => void;

/** The handler set, for an HTTP listener and for calls within the process alike. Nothing is open without the gate. */
export function createRoutes(services: Services, { authenticate, report, peer }: RouteDeps): Routes {
  const gate = createRpcGate(authenticate);
  const options = {
    interceptors: [errorInterceptor(report)],
    requestGate: (context: Parameters<typeof gate>[0]) => {
      if (peer !== undefined) context.values.set(peerKey, peer);
      return gate(context).catch((thrown: unknown) => {
        const error = toConnectError(thrown, context.method.name, report);
        noteOutcome(context.values, outcomeOf(error.code));
        throw error;
      });
    },
  };
  return (router) => {
    router.service(WorkflowsService, services.workflows ?? {}, options);
    router.service(TaskService, services.tasks ?? {}, options);
    router.service(JobService, services.jobs ?? {}, options);
    router.service(RunnerService, services.runner ?? {}, options);
    router.service(TelemetryQueryService, services.telemetry ?? {}, options);
    // The Python SDK asks for them when a task looks at its runner's storage locations; there are none.
    router.service(StorageLocationService, { listStorageLocations: () => ({ locations: [] }) }, options);
  };
}
