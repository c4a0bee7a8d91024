/** A whole control plane over one data folder: opened once, reached over sockets, in process, or both. */
import type { ApiClient } from "../api/client.ts";
import type { JobExplanation } from "../api/explain-job.ts";
import type { Clock, Random } from "../engine/id.ts";
import type { JobId } from "../engine/job.ts";
import type { Retention } from "../engine/retention.ts";
import type { TelemetryLimits } from "../engine/telemetry.ts";
import { UserError } from "../errors.ts";
import type { Store } from "../store/port.ts";
import type { VerifyArchive } from "./artifacts.ts";
import { authenticateByKey, type KnownKeys, trustEveryone } from "./auth.ts";
import type { CertificateSource } from "./certificate-watch.ts";
import { createServerFigures } from "./figures.ts";
import { createFrequentMethods } from "./frequent-methods.ts";
import { createGrpcUnary } from "./grpc-unary.ts";
import { isLocal, type ListenAddress, type Listener, startListener } from "./listener.ts";
import { loadOnce } from "./load-once.ts";
import { handleWhenLoaded } from "./loaded-handler.ts";
import { onLoopbackHosts } from "./loopback-hosts.ts";
import { connectionLimits } from "./protocol-servers.ts";
import { type Answer, withRequestLog, withStreamLog } from "./request-log.ts";
import { type Removed, startRetention } from "./retention.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import { rpcLimits } from "./rpc-limits.ts";
import { createRunnerState } from "./runner-state.ts";
import { RunnerRegistry } from "./runners.ts";
import { openStorage, type StoragePlace } from "./storage.ts";
import { processTimers } from "./timers.ts";

export interface ControlPlaneOptions extends StoragePlace {
  readonly clock: Clock;
  readonly random: Random;
  readonly verify: VerifyArchive;
  readonly report: ReportFailure;
  /** Nothing is removed when undefined: whoever opens a control plane for a moment leaves that to others. */
  readonly retention?: Retention | undefined;
  /** The usual ones when undefined. */
  readonly telemetryLimits?: TelemetryLimits | undefined;
  /** Told what retention has removed, when it has. */
  readonly onRemoved?: (removed: Removed) => void;
  /** Told of every request over a socket. */
  readonly onAnswer?: (answer: Answer) => void;
}

export interface ControlPlane {
  readonly store: Store;
  /**
   * `keys` asks for an API key on everything but health; `none` trusts whoever can connect.
   * With certificates it speaks TLS on TCP addresses, and nothing else there. Throws listen-failed;
   * auth-required for `none` on an address that other machines reach.
   */
  listen(
    addresses: readonly ListenAddress[],
    auth: "keys" | "none",
    certificates?: CertificateSource,
  ): Promise<Listener>;
  /** Why the job's queued tasks are not being claimed. Throws job-not-found. */
  explainJob(id: JobId): Promise<JobExplanation>;
  /** A client without a socket. `name` is the actor in the history; it may do everything. */
  connect(name: string): Promise<ApiClient>;
  /** Says to whoever asks whether it is ready that it is not, and serves on: for what distributes calls. */
  drain(): void;
  /**
   * Answers runners that wait, stops listening, lets calls end within the limit, and closes the store. May be
   * called again.
   */
  close(limitMs: number): Promise<void>;
}

/**
 * What no request asked for by then is loaded: a program that is replaced while it runs must have all of itself, and a
 * start that is asked at once must not be held up.
 */
const loadAllAfterMs = 100;

/** Throws store-busy, store-newer, store-failed. */
export async function openControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { clock, random, verify, report } = options;
  const figures = createServerFigures();
  const storage = await openStorage(options, {
    clock,
    random,
    telemetryLimits: options.telemetryLimits,
    onConnectionError: (error) =>
      report({ what: "A connection to the database", reference: "database", error }),
    onCommit: (facts) => figures.commits.add(facts),
  });
  const { store } = storage;
  const runners = createRunnerState({ store, clock, timers: processTimers, report });
  const retention =
    options.retention &&
    startRetention({
      storage,
      retention: options.retention,
      clock,
      monotonicMs: () => performance.now(),
      timers: processTimers,
      onRemoved: options.onRemoved,
      report: (error) => report({ what: "Removing what is kept no longer", reference: "retention", error }),
    });
  const frequent = createFrequentMethods(store.jobs, runners, report);
  const registry = new RunnerRegistry(store.runners);
  const draining = new AbortController();
  const closing = new AbortController();
  const listeners: Listener[] = [];
  let certificatesInUse: CertificateSource | undefined;
  const metrics = loadOnce(async () => {
    const { createServerMetrics } = await import("./metrics.ts");
    return createServerMetrics({
      figures,
      store,
      runners,
      openConnections: () => listeners.reduce((sum, listener) => sum + listener.openConnections(), 0),
      certificateEndMs: () => certificatesInUse?.current.validToMs,
    });
  });
  const calls = loadOnce(async () => {
    const { createCalls } = await import("./calls.ts");
    return createCalls({
      storage,
      clock,
      random,
      verify,
      report,
      runners,
      registry,
      figures,
      metrics,
      draining: draining.signal,
      closing: closing.signal,
    });
  });
  const plainRefusal = loadOnce(async () =>
    (await import("./plain-refusal.ts")).refusePlainRequests(report, figures.rpcs),
  );
  const keys: KnownKeys = {
    findKey: async (sha256) => (await store.keys.findKey(sha256)) ?? (await registry.findWorker(sha256)),
  };
  const loadAll = () => {
    for (const load of [calls, ...frequent.values(), metrics]) {
      Promise.resolve(load()).catch((error: unknown) =>
        report({ what: "Loading the control plane", reference: "start", error }),
      );
    }
  };
  return {
    store,
    async listen(addresses, auth, certificates) {
      if (auth === "none" && !addresses.every(isLocal)) {
        throw new UserError("auth-required", "Without keys only loopback addresses are served");
      }
      const authenticate = auth === "none" ? trustEveryone("anyone") : authenticateByKey(keys);
      const loopbackHostsOnly = auth === "none";
      const handler = loadOnce(async () => (await calls()).handler(authenticate, loopbackHostsOnly));
      const bare = handleWhenLoaded(handler, report);
      const unary = createGrpcUnary({
        methods: frequent,
        authenticate,
        limits: rpcLimits,
        report,
        figures: figures.rpcs,
      });
      const bareStream = loopbackHostsOnly ? onLoopbackHosts(unary) : unary;
      const { onAnswer } = options;
      const listener = await startListener({
        addresses,
        handle: onAnswer === undefined ? bare : withRequestLog(bare, onAnswer),
        serveStream: onAnswer === undefined ? bareStream : withStreamLog(bareStream, onAnswer),
        limits: connectionLimits,
        tls: certificates && { certificates, refusePlain: handleWhenLoaded(plainRefusal, report) },
      });
      listeners.push(listener);
      certificatesInUse = certificates;
      processTimers.set(loadAll, loadAllAfterMs);
      return listener;
    },
    explainJob: async (id) => (await calls()).explainJob(id),
    connect: async (name) => (await calls()).connect(name),
    drain: () => draining.abort(),
    async close(limitMs) {
      draining.abort();
      closing.abort();
      runners.close();
      const retained = retention?.close();
      await Promise.all(listeners.map((listener) => listener.close(limitMs)));
      await storage.close();
      // Last: a step that hangs with the store ends when that is closed.
      await retained;
    },
  };
}
