/**
 * Everything that a control plane answers, in every protocol. It is most of the server's code and what it stands on, and
 * is loaded by the first request that needs it.
 */
import type { ApiClient } from "../api/client.ts";
import type { JobExplanation } from "../api/explain-job.ts";
import { artifactLimits } from "../artifact/limits.ts";
import type { Clock, Random } from "../engine/id.ts";
import type { JobId } from "../engine/job.ts";
import { artifactRoutes } from "./artifact-routes.ts";
import { createArtifactRoom, type VerifyArchive } from "./artifacts.ts";
import { type Authenticate, trustEveryone } from "./auth.ts";
import { contractRoutes } from "./contract-routes.ts";
import type { ServerFigures } from "./figures.ts";
import { healthRoutes } from "./health-routes.ts";
import { createHistoryRoom } from "./history.ts";
import { createLocalHistory, historyRoutes } from "./history-routes.ts";
import { explainJob, explanationRoutes } from "./job-explanation.ts";
import { createJobServices } from "./job-services.ts";
import type { ServerMetrics } from "./metrics.ts";
import { metricsRoute } from "./metrics-route.ts";
import { otlpRoutes } from "./otlp-routes.ts";
import type { RequestHandler } from "./protocol-servers.ts";
import { createRequestHandler } from "./request-handler.ts";
import { createRoutes } from "./routes.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import { runnerRoutes } from "./runner-routes.ts";
import type { RunnerState } from "./runner-state.ts";
import type { RunnerRegistry } from "./runners.ts";
import { createWorkflowsService } from "./services/workflows.ts";
import type { Storage } from "./storage.ts";

interface CallsDeps {
  readonly storage: Pick<Storage, "store" | "blobs">;
  readonly clock: Clock;
  readonly random: Random;
  readonly verify: VerifyArchive;
  readonly report: ReportFailure;
  readonly runners: RunnerState;
  readonly registry: RunnerRegistry;
  readonly figures: ServerFigures;
  readonly metrics: () => ServerMetrics | Promise<ServerMetrics>;
  /** Aborted when the control plane is about to close: it is not ready any more. */
  readonly draining: AbortSignal;
  /** Aborted when it closes: who waits is answered. */
  readonly closing: AbortSignal;
}

export interface Calls {
  /** For one listener. */
  handler(authenticate: Authenticate, loopbackHostsOnly: boolean): RequestHandler;
  /** A client without a socket; see ControlPlane. */
  connect(name: string): Promise<ApiClient>;
  /** Throws job-not-found. */
  explainJob(id: JobId): Promise<JobExplanation>;
}

/** Each upload holds a decompressor of a few MiB and an open file. */
const maxUploads = 16;
const uploadIdleMs = 60_000;

export function createCalls(deps: CallsDeps): Calls {
  const { clock, random, verify, report, runners, registry, figures, metrics, draining, closing } = deps;
  const { store, blobs } = deps.storage;
  const { maxArchiveSizeBytes } = artifactLimits;
  const limits = { maxArchiveSizeBytes, maxUploads };
  const room = createArtifactRoom({
    store: store.artifacts,
    blobs,
    verify,
    limits,
    figures: figures.artifacts,
  });
  const services = {
    workflows: createWorkflowsService({ store, random }),
    ...createJobServices({ store, clock, random, runners, report }),
  };
  const history = createHistoryRoom(store.releases);
  const explanation = { store, seen: runners.seen };
  const httpRoutes = [
    ...healthRoutes({ probe: () => store.probe(), stopping: draining }),
    metricsRoute(metrics),
    ...otlpRoutes({ telemetry: store.telemetry, clock }),
    ...artifactRoutes(room, { maxArchiveSizeBytes, uploadIdleMs }),
    ...contractRoutes(room),
    ...explanationRoutes(explanation),
    ...historyRoutes(history),
    ...runnerRoutes({ registry, clusters: store.clusters, closing }),
  ];
  return {
    handler(authenticate, loopbackHostsOnly) {
      const routes = createRoutes(services, { authenticate, report });
      return createRequestHandler({ routes, httpRoutes, authenticate, report, figures, loopbackHostsOnly });
    },
    async connect(name) {
      const { connectInProcess } = await import("./in-process.ts");
      const authenticate = trustEveryone(name);
      return connectInProcess(createRoutes(services, { authenticate, report, peer: { destroyed: false } }), {
        artifacts: room,
        history: createLocalHistory(history, name),
      });
    },
    explainJob: (id) => explainJob(explanation, id),
  };
}
