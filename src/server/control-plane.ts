/** A whole control plane over one data folder: opened once, reached over sockets, in process, or both. */
import type { ApiClient } from "../api/client.ts";
import type { JobExplanation } from "../api/explain-job.ts";
import type { Clock, Random } from "../engine/id.ts";
import type { JobId } from "../engine/job.ts";
import type { Retention } from "../engine/retention.ts";
import type { TelemetryLimits } from "../engine/telemetry.ts";
import type { Store } from "../store/port.ts";
import type { VerifyArchive } from "./artifacts.ts";
import type { KnownKeys } from "./auth.ts";
import type { CertificateSource } from "./certificate-watch.ts";
import { createServerFigures } from "./figures.ts";
import { createFrequentMethods } from "./frequent-methods.ts";
import type { ListenAddress, Listener } from "./listener.ts";
import { createListeners } from "./listeners.ts";
import { loadOnce } from "./load-once.ts";
import type { Answer } from "./request-log.ts";
import { type Removed, type RetentionTimer, startRetention } from "./retention.ts";
import type { ReportFailure } from "./rpc-errors.ts";
import { createRunnerState } from "./runner-state.ts";
import { RunnerRegistry } from "./runners.ts";
import { openStorage, type Storage, type StoragePlace } from "./storage.ts";
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
  const { clock, random, report } = options;
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
  const retention = beginRetention(options, storage);
  const frequent = createFrequentMethods(store.jobs, runners, report);
  const registry = new RunnerRegistry(store.runners);
  const draining = new AbortController();
  const closing = new AbortController();
  const keys: KnownKeys = {
    findKey: async (sha256) => (await store.keys.findKey(sha256)) ?? (await registry.findWorker(sha256)),
  };
  const { onAnswer } = options;
  const listeners = createListeners({ keys, frequent, calls: () => calls(), figures, report, onAnswer });
  const metrics = loadOnce(async () => {
    const { createServerMetrics } = await import("./metrics.ts");
    return createServerMetrics({ figures, store, runners, ...listeners });
  });
  const calls = loadOnce(async () => {
    const { createCalls } = await import("./calls.ts");
    const stopping = { draining: draining.signal, closing: closing.signal };
    return createCalls({ ...options, ...stopping, storage, runners, registry, figures, metrics });
  });
  const loadAll = () => {
    for (const load of [calls, ...frequent.values(), metrics]) {
      Promise.resolve(load()).catch((error: unknown) =>
        report({ what: "Loading the control plane", reference: "start", error }),
      );
    }
  };
  return {
    store,
    async listen(...where) {
      const listener = await listeners.listen(...where);
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
      await listeners.close(limitMs);
      await storage.close();
      // Last: a step that hangs with the store ends when that is closed.
      await retained;
    },
  };
}

function beginRetention(options: ControlPlaneOptions, storage: Storage): RetentionTimer | undefined {
  const { retention, clock, onRemoved, report } = options;
  if (retention === undefined) return undefined;
  return startRetention({
    storage,
    retention,
    clock,
    monotonicMs: () => performance.now(),
    timers: processTimers,
    onRemoved,
    report: (error) => report({ what: "Removing what is kept no longer", reference: "retention", error }),
  });
}
