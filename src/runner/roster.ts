/** The releases that a runner has taken up: carries out the plan, and says what can be asked for. */
import { create } from "@bufbuild/protobuf";
import type { Task } from "../api/gen/workflows/v1/core_pb.ts";
import { type NextTaskToRun, NextTaskToRunSchema } from "../api/gen/workflows/v1/task_pb.ts";
import type { DeployedRelease, Deployment } from "./deployed-release.ts";
import { LoadedRelease, type LoadedReleaseDeps, type Place, type ReleaseLimits } from "./loaded-release.ts";
import { matchOffer, type Offered, offersOf } from "./offer.ts";
import { Pace } from "./pace.ts";
import { breakMs, planWorkers } from "./plan-workers.ts";
import type { Ahead } from "./report-batch.ts";
import { Slots } from "./slots.ts";
import { handedBack, type TaskResult } from "./task-report.ts";

/** The right to ask for one task. Dispose of it when none came; a claimed task takes it over. */
export interface Claim extends Disposable {
  readonly toRun: NextTaskToRun;
  /** Runs what was answered to the claim. Never rejects. */
  run(task: Task): Promise<TaskResult>;
}

export interface RosterLimits extends ReleaseLimits {
  /** Tasks that run at once, over all releases. */
  readonly concurrency: number;
}

export interface RosterDeps extends LoadedReleaseDeps {
  /** What was asked for before is not wanted any more. */
  onWithdraw(): void;
}

interface Failures {
  readonly count: number;
  readonly untilMs: number;
}

/** Another runner may be idle meanwhile. */
const aheadPatienceMs = 500;

export class Roster {
  readonly #deps: RosterDeps;
  readonly #limits: RosterLimits;
  readonly #slots: Slots;
  readonly #pace = new Pace();
  readonly #taken = new Map<number, LoadedRelease>();
  readonly #failures = new Map<string, Failures>();
  #toldRefused = "[]";
  #deployed: readonly DeployedRelease[] = [];
  #offered: readonly Offered<string>[] = [];
  #toldAmbiguity = "[]";
  #cluster = "";
  #seen = false;
  #closed = false;
  #lastKey = 0;
  /** Claims under way and tasks that are not answered for. */
  #held = 0;
  #cancelAgain = (): void => {};

  constructor(limits: RosterLimits, deps: RosterDeps) {
    this.#limits = limits;
    this.#slots = new Slots({ total: limits.concurrency, perOwner: limits.tasksPerWorker }, deps.time);
    this.#deps = deps;
  }

  get taken(): Iterable<LoadedRelease> {
    return this.#taken.values();
  }

  /** Nothing is on its way: what is deployed is known, and loaded or known to be broken. */
  get settled(): boolean {
    const busy = [...this.taken].some(({ state }) => state.kind === "loading" || state.kind === "restarting");
    return this.#seen && !busy;
  }

  /** Deployed releases of which the last load failed. */
  get broken(): readonly DeployedRelease[] {
    return this.#deployed.filter(({ digest }) => this.#failures.has(digest));
  }

  get ahead(): Ahead {
    return { isWanted: this.#pace.ahead > 1, spareTasks: this.#slots.waiting };
  }

  /** Takes up what is deployed now. */
  apply(cluster: string, { releases, refused }: Deployment): void {
    if (this.#closed) return;
    const ids = (list: readonly DeployedRelease[]) => JSON.stringify(list.map(({ id }) => id));
    if (!this.#seen || ids(releases) !== ids(this.#deployed)) {
      this.#deps.onEvent({ kind: "deployment-seen", releases });
    }
    this.#seen = true;
    this.#cluster = cluster;
    this.#deployed = releases;
    if (JSON.stringify(refused) !== this.#toldRefused) {
      for (const one of refused) this.#deps.onEvent({ kind: "release-refused", refused: one });
    }
    this.#toldRefused = JSON.stringify(refused);
    this.#offer();
    this.#plan();
    this.#deps.onChange();
  }

  /** Undefined when there is nothing to ask for now. */
  claim(): Claim | undefined {
    const { ahead } = this.#pace;
    if (this.#held >= this.#limits.concurrency * ahead) return undefined;
    const places = new Map<string, Place>();
    for (const loaded of this.taken) {
      if (!loaded.hasRoom(this.#limits.tasksPerWorker * ahead)) continue;
      places.set(loaded.release.id, loaded.reserve());
    }
    const offered = this.#offered.filter(({ owner }) => places.has(owner));
    this.#held++;
    let ended = false;
    const claim: Claim = {
      toRun: create(NextTaskToRunSchema, {
        clusterSlug: this.#cluster,
        identifiers: offered.map(({ name, version }) => ({ name, version })),
      }),
      run: (task) => this.#run(task, offered, places),
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        this.#held--;
        for (const place of places.values()) place[Symbol.dispose]();
        this.#deps.onFree();
      },
    };
    if (offered.length > 0) return claim;
    claim[Symbol.dispose]();
    return undefined;
  }

  /** No release takes another task; what they run finishes. Resolves when nothing of them is left. */
  async drain(): Promise<void> {
    this.#close();
    for (const loaded of this.taken) {
      if (!loaded.draining) this.#drain(loaded, "stopping");
    }
    await this.#ended();
  }

  /** Everything ends now. */
  async quit(): Promise<void> {
    this.#close();
    for (const loaded of this.taken) loaded.quit();
    await this.#ended();
  }

  async #ended(): Promise<void> {
    await Promise.all([...this.taken].map(({ ended }) => ended));
  }

  #close(): void {
    this.#closed = true;
    this.#cancelAgain();
  }

  async #run(
    task: Task,
    offered: readonly Offered<string>[],
    places: ReadonlyMap<string, Place>,
  ): Promise<TaskResult> {
    const { identifier } = task;
    const match = identifier === undefined ? undefined : matchOffer(offered, identifier);
    for (const [owner, place] of places) if (owner !== match?.owner) place[Symbol.dispose]();
    const place = match === undefined ? undefined : places.get(match.owner);
    if (identifier === undefined || match === undefined || place === undefined) return handedBack(task);
    identifier.version = match.version;
    using _kept = place;
    place.fill();
    const { loaded } = place;
    const { release } = loaded;
    using slot = await this.#slots.take(loaded, aheadPatienceMs);
    if (slot === undefined) {
      this.#pace.turn();
      // What is still being asked for would be claimed ahead too, perhaps this very task.
      this.#deps.onWithdraw();
      const reason = "it was claimed ahead, and the tasks before it take longer than they did";
      this.#deps.onEvent({ kind: "task-handed-back", task, release, reason });
      return handedBack(task);
    }
    this.#deps.onEvent({ kind: "task-started", task, release });
    const startedMs = this.#deps.time.nowMs();
    const result = await loaded.run(task);
    const tookMs = this.#deps.time.nowMs() - startedMs;
    this.#pace.note(tookMs);
    this.#deps.onEvent({ kind: "task-ended", task, release, result, tookMs });
    return result;
  }

  /** What is offered follows from what is deployed, not from what is loaded: it does not change as workers come up. */
  #offer(): void {
    const candidates = this.#deployed.map(({ id, workflow, tasks }) => ({ owner: id, workflow, tasks }));
    const { offered, ambiguous } = offersOf<string>(candidates);
    this.#offered = offered;
    const told = JSON.stringify(ambiguous);
    if (told !== this.#toldAmbiguity && ambiguous.length > 0) {
      this.#deps.onEvent({ kind: "tasks-ambiguous", ambiguous });
    }
    this.#toldAmbiguity = told;
  }

  #plan(): void {
    this.#cancelAgain();
    if (this.#closed) return;
    const { actions, againAtMs } = planWorkers({
      deployed: this.#deployed,
      taken: [...this.taken],
      brokenUntilMs: new Map([...this.#failures].map(([digest, { untilMs }]) => [digest, untilMs])),
      nowMs: this.#deps.time.nowMs(),
    });
    for (const action of actions) {
      if (action.kind === "load") this.#load(action.release);
      else {
        const loaded = this.#taken.get(action.key);
        if (loaded !== undefined) this.#drain(loaded, action.why);
      }
    }
    if (againAtMs !== undefined) {
      const inMs = Math.max(0, againAtMs - this.#deps.time.nowMs());
      this.#cancelAgain = this.#deps.time.after(inMs, () => this.#plan());
    }
  }

  #load(release: DeployedRelease): void {
    this.#deps.onEvent({ kind: "release-loading", release });
    const key = ++this.#lastKey;
    const onChange = (): void => {
      if (this.#taken.get(key)?.state.kind === "ready") this.#failures.delete(release.digest);
      this.#deps.onChange();
    };
    const loaded = new LoadedRelease(key, release, this.#limits, { ...this.#deps, onChange });
    this.#taken.set(key, loaded);
    void loaded.ended.then((failure) => {
      this.#taken.delete(key);
      if (failure === undefined) this.#deps.onEvent({ kind: "release-gone", release });
      else {
        const count = (this.#failures.get(release.digest)?.count ?? 0) + 1;
        const againInMs = breakMs(count, this.#deps.random());
        this.#failures.set(release.digest, { count, untilMs: this.#deps.time.nowMs() + againInMs });
        this.#deps.onEvent({ kind: "release-broken", release, error: failure, againInMs });
      }
      this.#plan();
      this.#deps.onChange();
    });
  }

  #drain(loaded: LoadedRelease, why: "replaced" | "undeployed" | "stopping"): void {
    const { release, tasks } = loaded;
    this.#deps.onEvent({ kind: "release-draining", release, why, tasks });
    loaded.drain();
    this.#deps.onWithdraw();
  }
}
