/** The release runner: claims tasks of a cluster and runs them in the workers of what is deployed there. */
import { createHash } from "node:crypto";
import type { HttpApiClient } from "../api/client.ts";
import type { RunnerRelease, RunnerReport } from "../api/runner-calls.ts";
import { createIdSource, type Random } from "../engine/id.ts";
import { type ReleaseError, toReleaseError } from "../errors.ts";
import { version } from "../version.ts";
import type { Environment } from "../worker/environment.ts";
import type { Watchdog } from "../worker/watchdog.ts";
import type { Worker } from "../worker/worker.ts";
import { type DeployedRelease, readDeployment } from "./deployed-release.ts";
import type { RunnerEvent } from "./events.ts";
import type { ReleaseFolder, ReleaseLimits } from "./loaded-release.ts";
import { NextTaskBatch } from "./next-task-batch.ts";
import { mostAhead } from "./pace.ts";
import { prepareRelease } from "./prepare-release.ts";
import { isRefusal } from "./refusal.ts";
import type { ReleaseFolders } from "./release-folders.ts";
import { Reporter } from "./reporter.ts";
import { Roster } from "./roster.ts";
import { startReleaseWorker } from "./start-release-worker.ts";
import { TaskLoop } from "./task-loop.ts";
import type { Time } from "./time.ts";
import { watchDeployments } from "./watch-deployments.ts";

export interface RunnerOptions {
  /** Slug; empty for the default cluster. */
  readonly cluster: string;
  /** Tasks at once, over all releases. */
  readonly concurrency: number;
  /** Ends when there is nothing to run. */
  readonly stopWhenIdling: boolean;
  readonly limits: RunnerLimits;
}

export interface RunnerLimits extends ReleaseLimits {
  readonly prepareMs: number;
  /** The worker's start, without installing. */
  readonly environmentMs: number;
  readonly importMs: number;
}

export interface RunnerDeps {
  readonly api: HttpApiClient;
  /** As the API client was given them. A worker gets the URL, and a key of its own where that is possible. */
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly folders: ReleaseFolders;
  readonly environment: Environment;
  readonly watchdog: Watchdog;
  readonly time: Time;
  readonly random: Random;
  onEvent(event: RunnerEvent): void;
}

export interface Runner {
  readonly id: string;
  /**
   * Fulfilled when nothing of it is left. Rejects when the control plane refuses this runner, and, after
   * stopping for want of work, when a deployed release could not be loaded.
   */
  readonly ended: Promise<void>;
  /** Claims nothing more and ends when its tasks have. */
  drain(why: string): void;
  /** Hands its tasks back and ends within two seconds. */
  quit(): void;
  /** What it tells the control plane of itself. */
  report(): RunnerReport;
}

/** Never rejects nor throws: failures come out of `ended`. */
export function startRunner(options: RunnerOptions, deps: RunnerDeps): Runner {
  return new ReleaseRunner(options, deps);
}

class ReleaseRunner implements Runner {
  readonly id;
  readonly ended: Promise<void>;
  readonly #options: RunnerOptions;
  readonly #deps: RunnerDeps;
  readonly #roster: Roster;
  readonly #loop: TaskLoop;
  readonly #reporter: Reporter;
  /** Of the workers, while this runner reports. */
  readonly #workerKey: string;
  readonly #stop = new AbortController();
  #takesReports = false;
  #cluster = "";
  #fatal: ReleaseError | undefined;
  readonly #failures = new Map<string, ReleaseError>();
  #away = false;

  constructor(options: RunnerOptions, deps: RunnerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.id = createIdSource({ clock: deps.time.nowMs, random: deps.random }).next<"runner">();
    this.#workerKey = `wfr_worker_${Buffer.from(deps.random(32)).toString("base64url")}`;
    const random = () => Buffer.from(deps.random(4)).readUInt32BE() / 2 ** 32;
    const onEvent = (event: RunnerEvent) => this.#onEvent(event);
    this.#roster = new Roster(
      { ...options.limits, concurrency: options.concurrency },
      {
        time: deps.time,
        random,
        onEvent,
        prepare: (release, signal) =>
          prepareRelease(release, { ...deps, limitMs: options.limits.prepareMs, onEvent }, signal),
        start: (release, folder, signal) => this.#startWorker(release, folder, signal),
        onChange: () => this.#onChange(),
        onFree: () => this.#loop.onFree(),
        onWithdraw: () => this.#loop.withdraw(),
      },
    );
    const batch = new NextTaskBatch(deps.api);
    const { taskFailed, extendTaskLease } = deps.api.tasks;
    this.#loop = new TaskLoop({
      tasks: { nextTask: (...call) => batch.nextTask(...call), taskFailed, extendTaskLease },
      time: deps.time,
      random,
      onEvent,
      claim: () => this.#roster.claim(),
      ahead: () => this.#roster.ahead,
      onIdle: () => this.#onIdle(),
      onRefused: (error) => this.#fail(error),
      onUnreachable: (error) => this.#lost(error),
      onReached: () => this.#found(),
    });
    this.#reporter = new Reporter({
      api: deps.api,
      time: deps.time,
      report: (stopped) => ({ ...this.report(), stopped }),
    });
    this.ended = this.#live(random);
  }

  drain(why: string): void {
    if (this.#stop.signal.aborted) return;
    this.#deps.onEvent({ kind: "stopping", why, tasks: this.#loop.busy });
    this.#stop.abort();
    this.#loop.stop();
    void this.#roster.drain();
  }

  quit(): void {
    this.#stop.abort();
    this.#loop.quit();
    void this.#roster.quit();
  }

  report(): RunnerReport {
    return {
      id: this.id,
      cluster: this.#options.cluster,
      version,
      concurrency: this.#options.concurrency,
      tasks: this.#loop.busy,
      releases: this.#releases(),
      workerKeySha256: createHash("sha256").update(this.#workerKey).digest("hex"),
      stopped: false,
    };
  }

  async #live(random: () => number): Promise<void> {
    const { cluster, concurrency } = this.#options;
    const stop = this.#stop.signal;
    this.#takesReports = await this.#reporter.begin(stop, (error) => this.#lost(error));
    const background = new AbortController();
    const reporting = this.#takesReports ? this.#reporter.run(background.signal) : Promise.resolve();
    const watching = watchDeployments(
      cluster,
      {
        api: this.#deps.api,
        time: this.#deps.time,
        random,
        onCluster: (seen) => {
          this.#found();
          if (this.#cluster === "") {
            this.#deps.onEvent({ kind: "started", cluster: seen.slug, concurrency });
          }
          this.#cluster = seen.slug;
          this.#roster.apply(seen.slug, readDeployment(seen));
        },
        onError: (error) => (isRefusal(error) ? this.#fail(error) : this.#lost(error)),
      },
      stop,
    );
    await this.#loop.run(concurrency * mostAhead);
    // The loop ends by being stopped; workers of drained releases flush what they have to tell.
    await this.#roster.drain();
    background.abort();
    await Promise.all([reporting, watching]);
    if (this.#fatal !== undefined) throw this.#fatal;
    const [broken] = this.#roster.broken;
    const failure = broken === undefined ? undefined : this.#failures.get(broken.id);
    if (this.#options.stopWhenIdling && failure !== undefined) throw failure;
  }

  async #startWorker(release: DeployedRelease, folder: ReleaseFolder, signal: AbortSignal): Promise<Worker> {
    const startedMs = performance.now();
    const { url, apiKey, environment, watchdog } = this.#deps;
    const token = apiKey === undefined || !this.#takesReports ? apiKey : this.#workerKey;
    try {
      const worker = await startReleaseWorker({
        release,
        folder: folder.path,
        runnerId: this.id,
        cluster: this.#cluster,
        connection: { url, token },
        environment,
        limits: this.#options.limits,
        watchdog,
        signal,
      });
      this.#onEvent({ kind: "worker-ready", release, tookMs: performance.now() - startedMs });
      return worker;
    } catch (error) {
      // Other tasks than published have nothing to do with the folder.
      if (toReleaseError(error).code !== "tasks-differ") folder.distrust();
      throw error;
    }
  }

  #releases(): RunnerRelease[] {
    const taken: RunnerRelease[] = [...this.#roster.taken].map(({ release, state, draining }) => ({
      id: release.id,
      workflow: release.workflow,
      state: draining ? "draining" : state.kind === "ready" ? "ready" : "loading",
      reason: "",
    }));
    const listed = new Set(taken.filter(({ state }) => state !== "draining").map(({ id }) => id));
    const broken: RunnerRelease[] = this.#roster.broken
      .filter(({ id }) => !listed.has(id))
      .map(({ id, workflow }) => ({
        id,
        workflow,
        state: "broken",
        reason: this.#failures.get(id)?.message ?? "",
      }));
    return [...taken, ...broken];
  }

  #onEvent(event: RunnerEvent): void {
    if (event.kind === "release-broken") this.#failures.set(event.release.id, event.error);
    if (event.kind === "worker-ready") this.#failures.delete(event.release.id);
    this.#deps.onEvent(event);
  }

  #onChange(): void {
    this.#reporter.changed();
    // A release that got ready may have work waiting.
    this.#loop.wake();
  }

  #onIdle(): void {
    if (this.#options.stopWhenIdling && this.#loop.busy === 0 && this.#roster.settled) {
      this.drain("there is nothing to run");
    }
  }

  #fail(error: ReleaseError): void {
    this.#fatal ??= error;
    this.drain(`the control plane refuses this runner: ${error.message}`);
  }

  #lost(error: ReleaseError): void {
    if (!this.#away) this.#deps.onEvent({ kind: "control-plane-lost", error });
    this.#away = true;
  }

  #found(): void {
    if (this.#away) this.#deps.onEvent({ kind: "control-plane-back" });
    this.#away = false;
  }
}
