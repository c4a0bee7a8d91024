/** A whole control plane over one data folder: opened once, reached over sockets, in process, or both. */
import type { ApiClient } from "../api/client.ts";
import type { JobExplanation } from "../api/explain-job.ts";
import { artifactLimits } from "../artifact/limits.ts";
import type { Clock, Random } from "../engine/id.ts";
import type { JobId } from "../engine/job.ts";
import { UserError } from "../errors.ts";
import type { Store } from "../store/port.ts";
import { artifactRoutes } from "./artifact-routes.ts";
import { createArtifactRoom, type VerifyArchive } from "./artifacts.ts";
import { authenticateByKey, type KnownKeys, trustEveryone } from "./auth.ts";
import { contractRoutes } from "./contract-routes.ts";
import { createGrpcUnary } from "./grpc-unary.ts";
import { healthRoutes } from "./health-routes.ts";
import { createHistoryRoom } from "./history.ts";
import { createLocalHistory, historyRoutes } from "./history-routes.ts";
import { connectInProcess } from "./in-process.ts";
import { explainJob, explanationRoutes } from "./job-explanation.ts";
import { createJobServices } from "./job-services.ts";
import { isLocal, type ListenAddress, type Listener, startListener } from "./listener.ts";
import { otlpRoutes } from "./otlp-routes.ts";
import { connectionLimits } from "./protocol-servers.ts";
import { createRequestHandler, onLoopbackHosts } from "./request-handler.ts";
import { type Answer, withRequestLog, withStreamLog } from "./request-log.ts";
import { createRoutes } from "./routes.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import { rpcLimits } from "./rpc-handler.ts";
import { runnerRoutes } from "./runner-routes.ts";
import { RunnerRegistry } from "./runners.ts";
import { createWorkflowsService } from "./services/workflows.ts";
import { openStorage, type StoragePlace } from "./storage.ts";
import { processTimers } from "./timers.ts";

export interface ControlPlaneOptions extends StoragePlace {
  readonly clock: Clock;
  readonly random: Random;
  readonly verify: VerifyArchive;
  readonly report: ReportFailure;
  /** Told of every request over a socket. */
  readonly onAnswer?: (answer: Answer) => void;
}

export interface ControlPlane {
  readonly store: Store;
  /**
   * `keys` asks for an API key on everything but health; `none` trusts whoever can connect.
   * Throws listen-failed; auth-required for `none` on an address that other machines reach.
   */
  listen(addresses: readonly ListenAddress[], auth: "keys" | "none"): Promise<Listener>;
  /** Why the job's queued tasks are not being claimed. Throws job-not-found. */
  explainJob(id: JobId): Promise<JobExplanation>;
  /** A client without a socket. `name` is the actor in the history; it may do everything. */
  connect(name: string): ApiClient;
  /** Stops listening, lets calls end within the limit, and closes the store. May be called again. */
  close(limitMs: number): Promise<void>;
}

/** Each upload holds a decompressor of a few MiB and an open file. */
const maxUploads = 16;
const uploadIdleMs = 60_000;

/** Throws store-busy, store-newer, store-failed. */
export async function openControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { clock, random, verify, report } = options;
  const storage = await openStorage(options, {
    clock,
    random,
    onConnectionError: (error) =>
      report({ what: "A connection to the database", reference: "database", error }),
  });
  const { store, blobs } = storage;
  const { maxArchiveSizeBytes } = artifactLimits;
  const limits = { maxArchiveSizeBytes, maxUploads };
  const room = createArtifactRoom({ store: store.artifacts, blobs, verify, limits });
  const jobServices = createJobServices({ store, clock, random, timers: processTimers, report });
  const services = { workflows: createWorkflowsService({ store, random }), ...jobServices.services };
  const listeners: Listener[] = [];
  const closing = new AbortController();
  const registry = new RunnerRegistry(store.runners);
  const keys: KnownKeys = {
    findKey: async (sha256) => (await store.keys.findKey(sha256)) ?? (await registry.findWorker(sha256)),
  };
  const history = createHistoryRoom(store.releases);
  const explanation = { store, seen: jobServices.seen };
  const httpRoutes = [
    ...healthRoutes(async () => !closing.signal.aborted && (await store.probe().then(() => true))),
    ...otlpRoutes({ telemetry: store.telemetry, clock }),
    ...artifactRoutes(room, { maxArchiveSizeBytes, uploadIdleMs }),
    ...contractRoutes(room),
    ...explanationRoutes(explanation),
    ...historyRoutes(history),
    ...runnerRoutes({ registry, clusters: store.clusters, closing: closing.signal }),
  ];
  return {
    store,
    async listen(addresses, auth) {
      if (auth === "none" && !addresses.every(isLocal)) {
        throw new UserError("auth-required", "Without keys only loopback addresses are served");
      }
      const authenticate = auth === "none" ? trustEveryone("anyone") : authenticateByKey(keys);
      const routes = createRoutes(services, { authenticate, report });
      const loopbackHostsOnly = auth === "none";
      const bare = createRequestHandler({ routes, httpRoutes, authenticate, report, loopbackHostsOnly });
      const frequent = createGrpcUnary({
        methods: jobServices.frequent,
        authenticate,
        limits: rpcLimits,
        report,
      });
      const bareStream = loopbackHostsOnly ? onLoopbackHosts(frequent) : frequent;
      const { onAnswer } = options;
      const listener = await startListener({
        addresses,
        handle: onAnswer === undefined ? bare : withRequestLog(bare, onAnswer),
        serveStream: onAnswer === undefined ? bareStream : withStreamLog(bareStream, onAnswer),
        limits: connectionLimits,
      });
      listeners.push(listener);
      return listener;
    },
    explainJob: (id) => explainJob(explanation, id),
    connect: (name) =>
      connectInProcess(
        createRoutes(services, { authenticate: trustEveryone(name), report, peer: { destroyed: false } }),
        { artifacts: room, history: createLocalHistory(history, name) },
      ),
    async close(limitMs) {
      closing.abort();
      jobServices.close();
      await Promise.all(listeners.map((listener) => listener.close(limitMs)));
      await storage.close();
    },
  };
}
