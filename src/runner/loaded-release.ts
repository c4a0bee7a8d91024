/** One deployed release on this runner: its worker from loading to the end, and the tasks that go to it. */
import type { Task } from "../api/gen/workflows/v1/core_pb.ts";
import { type ReleaseError, toReleaseError } from "../errors.ts";
import type { StopLimits, Worker } from "../worker/worker.ts";
import type { WorkerExit } from "../worker/worker-process.ts";
import { BusyWorker, type RunEnd } from "./busy-worker.ts";
import type { DeployedRelease } from "./deployed-release.ts";
import type { RunnerEvent } from "./events.ts";
import { failed, handedBack, type TaskResult } from "./task-report.ts";
import { judge } from "./task-verdict.ts";
import { sleep, type Time } from "./time.ts";
import { Turns } from "./turns.ts";

export type ReleaseState =
  | { readonly kind: "loading" }
  | { readonly kind: "ready"; readonly worker: BusyWorker }
  /** Its worker ended or has a task that never ends; the next one is on its way. */
  | { readonly kind: "restarting" }
  /** It claims nothing more; what it runs may finish. */
  | { readonly kind: "draining"; readonly worker: BusyWorker | undefined }
  | { readonly kind: "ended"; readonly failure: ReleaseError | undefined };

export interface LoadedReleaseDeps {
  readonly time: Time;
  /** In [0, 1). */
  readonly random: () => number;
  /** Makes the release's folder ready and keeps it until it is disposed of. */
  prepare(release: DeployedRelease, signal: AbortSignal): Promise<ReleaseFolder>;
  /** Starts a worker that has the release's tasks and is initialised. */
  start(release: DeployedRelease, folder: ReleaseFolder, signal: AbortSignal): Promise<Worker>;
  onEvent(event: RunnerEvent): void;
  /** Its state is another one. */
  onChange(): void;
  /** It can take a task more than before. */
  onFree(): void;
}

export interface ReleaseFolder extends Disposable {
  readonly path: string;
  /** A worker did not start in it: it is made anew before the next one. */
  distrust(): void;
}

/** Kept at one release for a task that may come. */
export interface Place extends Disposable {
  readonly loaded: LoadedRelease;
  /** The task came. Called once, before it is disposed of. */
  fill(): void;
}

export interface ReleaseLimits extends StopLimits {
  /** Tasks that one worker runs at once. */
  readonly tasksPerWorker: number;
  readonly taskMs: number;
}

const firstRestartDelayMs = 1_000;
const longestRestartDelayMs = 60_000;

export class LoadedRelease {
  readonly key: number;
  readonly release: DeployedRelease;
  /** Resolves when nothing of it is left; with the failure when it could not be loaded. Never rejects. */
  readonly ended: Promise<ReleaseError | undefined>;
  readonly #deps: LoadedReleaseDeps;
  readonly #limits: ReleaseLimits;
  readonly #turns = new Turns();
  readonly #draining = Promise.withResolvers<void>();
  readonly #quit = new AbortController();
  /** Workers that finish their last tasks while another one takes the new ones. */
  readonly #leaving = new Set<Promise<void>>();
  /** Claims under way and tasks that are not answered for. */
  #users = 0;
  /** Of them, those that brought a task. */
  #tasks = 0;
  #changed = Promise.withResolvers<void>();
  #state: ReleaseState = { kind: "loading" };
  #drains = false;

  constructor(key: number, release: DeployedRelease, limits: ReleaseLimits, deps: LoadedReleaseDeps) {
    this.key = key;
    this.release = release;
    this.#limits = limits;
    this.#deps = deps;
    this.ended = this.#live();
  }

  get state(): ReleaseState {
    return this.#state;
  }

  get draining(): boolean {
    return this.#drains;
  }

  /** Whether it takes another task now, being one of so many. */
  hasRoom(places: number): boolean {
    return this.#state.kind === "ready" && !this.#drains && this.#turns.open && this.#users < places;
  }

  /** Tasks it has. */
  get tasks(): number {
    return this.#tasks;
  }

  /** Keeps a place, and the worker, for a task that may come. Dispose of it when it does not or has ended. */
  reserve(): Place {
    this.#users++;
    let tasks = 0;
    let ended = false;
    return {
      loaded: this,
      fill: () => {
        tasks = 1;
        this.#tasks++;
      },
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        this.#users--;
        this.#tasks -= tasks;
        this.#notify();
        this.#deps.onFree();
      },
    };
  }

  /** Runs a task for which a place is reserved. Never rejects. */
  async run(task: Task): Promise<TaskResult> {
    for (let alone = false; ; alone = true) {
      using _turn = await this.#turns.take(alone);
      const busy = await this.#worker();
      const end: RunEnd =
        busy === undefined
          ? { kind: "no-worker", reason: "its release has no worker on this runner any more" }
          : await busy.run(task, this.#limits.taskMs, this.#quit.signal);
      if (end.kind === "computed" || end.kind === "failed") return end;
      const verdict = judge(end, { alone, stopping: this.#drains });
      if (verdict.kind === "hand-back") {
        this.#deps.onEvent({ kind: "task-handed-back", task, release: this.release, reason: verdict.reason });
        return handedBack(task);
      }
      if (verdict.kind === "fail") {
        return failed(task, verdict.reason, end.kind === "died" ? busy?.worker.output().stderr : "");
      }
    }
  }

  /** Ends it when its tasks have. */
  drain(): void {
    this.#drains = true;
    this.#draining.resolve();
    this.#notify();
  }

  /** Ends it at once; its tasks are handed back. */
  quit(): void {
    this.#quit.abort();
    this.drain();
  }

  /** The worker for a task now; undefined when there will be none. */
  async #worker(): Promise<BusyWorker | undefined> {
    for (;;) {
      switch (this.#state.kind) {
        case "ready":
          if (!this.#state.worker.unusable) return this.#state.worker;
          break;
        case "draining":
          return this.#state.worker?.unusable === false ? this.#state.worker : undefined;
        case "ended":
          return undefined;
        case "loading":
        case "restarting":
          break;
      }
      await this.#changed.promise;
    }
  }

  async #live(): Promise<ReleaseError | undefined> {
    let failure: ReleaseError | undefined;
    try {
      await this.#loadAndServe();
    } catch (error) {
      if (!this.#quit.signal.aborted) failure = toReleaseError(error);
    }
    this.#enter({ kind: "ended", failure });
    await Promise.all(this.#leaving);
    return failure;
  }

  async #loadAndServe(): Promise<void> {
    using folder = await this.#untilDrained((signal) => this.#deps.prepare(this.release, signal));
    if (folder === undefined) return;
    for (let deaths = 0; !this.#drains; ) {
      const worker = await this.#untilDrained((signal) => this.#deps.start(this.release, folder, signal));
      if (worker === undefined) return;
      const busy = new BusyWorker(worker, this.#deps.time);
      this.#enter({ kind: "ready", worker: busy });
      const next = await this.#serve(busy);
      if (next.kind === "drain") return await this.#finish(busy);
      if (next.kind === "stuck") this.#leave(busy);
      else {
        deaths = busy.answered > 0 ? 0 : deaths + 1;
        await this.#restartAfter(busy, next.exit, deaths);
      }
    }
    // Drained while it was restarting: whoever waits for the next worker learns that there is none.
    this.#enter({ kind: "draining", worker: undefined });
    await this.#unused();
  }

  /** Until the worker is to be replaced. */
  #serve(
    busy: BusyWorker,
  ): Promise<{ kind: "drain" } | { kind: "stuck" } | { kind: "died"; exit: WorkerExit }> {
    return Promise.race([
      this.#draining.promise.then(() => ({ kind: "drain" as const })),
      busy.stuck.then(() => ({ kind: "stuck" as const })),
      busy.exited.then((exit) => ({ kind: "died" as const, exit })),
    ]);
  }

  async #restartAfter(busy: BusyWorker, exit: WorkerExit, deaths: number): Promise<void> {
    const fullMs = Math.min(firstRestartDelayMs * 2 ** (deaths - 2), longestRestartDelayMs);
    // A first death in a row is likely one task's doing: the others need not wait.
    const delayMs = deaths < 2 ? 0 : fullMs * (0.5 + this.#deps.random() / 2);
    this.#enter({ kind: "restarting" });
    const output = busy.worker.output();
    this.#deps.onEvent({ kind: "worker-died", release: this.release, exit, output, restartInMs: delayMs });
    await this.#untilDrained((signal) => sleep(this.#deps.time, delayMs, signal));
  }

  /** It keeps what it runs, but the task that never ends. */
  #leave(busy: BusyWorker): void {
    this.#enter({ kind: "restarting" });
    this.#deps.onEvent({ kind: "worker-left", release: this.release });
    const kill = (): void => void busy.kill();
    this.#quit.signal.addEventListener("abort", kill, { once: true });
    const gone = busy
      .idle()
      .then(() => busy.kill())
      .finally(() => {
        this.#quit.signal.removeEventListener("abort", kill);
        this.#leaving.delete(gone);
      });
    this.#leaving.add(gone);
  }

  async #finish(busy: BusyWorker): Promise<void> {
    this.#enter({ kind: "draining", worker: busy });
    await this.#unused();
    await busy.stop(this.#limits, this.#quit.signal);
  }

  /** Resolves when nothing uses it; a quit lets its tasks go at once. */
  async #unused(): Promise<void> {
    while (this.#users > 0 && !this.#quit.signal.aborted) await this.#changed.promise;
  }

  /** Undefined when it is drained before the work is done: then the work is given up. */
  async #untilDrained<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const stop = new AbortController();
    void this.#draining.promise.then(() => stop.abort());
    try {
      return await work(stop.signal);
    } catch (error) {
      if (this.#drains) return undefined;
      throw error;
    }
  }

  #enter(state: ReleaseState): void {
    this.#state = state;
    this.#notify();
    this.#deps.onChange();
  }

  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}
