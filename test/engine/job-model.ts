/**
 * What jobs do, said once more and naively: no counters, no indexes, every question answered by looking at
 * every task. It is what the store is compared with, so it shares no code with it but the names of states.
 */
import type { JobState } from "../../src/engine/job-state.ts";
import type { TaskState } from "../../src/engine/task-state.ts";

export interface ModelTask {
  /** Also its display, by which the store's task is found. */
  readonly name: string;
  readonly job: ModelJob;
  readonly parent: ModelTask | undefined;
  readonly cluster: string;
  readonly kind: string;
  readonly major: number;
  readonly minor: number;
  readonly optional: boolean;
  readonly maxRetries: number;
  /** When its parent was computed, counted over the whole model. */
  readonly spawn: number;
  readonly place: number;
  readonly dependsOn: readonly ModelTask[][];
  readonly children: ModelTask[];
  state: TaskState;
  started: boolean;
  abandoned: boolean;
  leaseEndsAtMs: number;
  retries: number;
  lost: number;
  givenBack: number;
  progress: ReadonlyMap<string, readonly [total: number, done: number]>;
}

export interface ModelJob {
  readonly name: string;
  readonly number: number;
  readonly tasks: ModelTask[];
  canceled: boolean;
}

export interface TaskShape {
  readonly cluster: string;
  readonly kind: string;
  readonly major: number;
  readonly minor: number;
  readonly optional: boolean;
  readonly maxRetries: number;
}
export interface GroupShape {
  readonly dependsOn: readonly number[];
  readonly tasks: readonly TaskShape[];
}
export interface Offered {
  readonly cluster: string;
  readonly identifiers: readonly { readonly kind: string; readonly major: number; readonly minor: number }[];
}

const firstLeaseMs = 15_000;

export class JobModel {
  readonly jobs: ModelJob[] = [];
  nowMs: number;
  #spawns = 0;
  #names = 0;
  #numbers = 0;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  get tasks(): ModelTask[] {
    return this.jobs.flatMap((job) => job.tasks);
  }

  submit(groups: readonly GroupShape[]): ModelJob {
    const job: ModelJob = {
      name: `j${this.#numbers}`,
      number: this.#numbers++,
      tasks: [],
      canceled: false,
    };
    this.jobs.push(job);
    this.#spawn(job, undefined, groups, "queued");
    return job;
  }

  /** Forgets jobs that are over and have no task that runs, all but the newest; returns their names. */
  removeEnded(): string[] {
    const newest = this.jobs.at(-1);
    const gone = this.jobs.filter(
      (job) =>
        job !== newest &&
        ["completed", "failed", "canceled"].includes(this.stateOf(job)) &&
        job.tasks.every(({ state }) => state !== "running"),
    );
    for (const job of gone) this.jobs.splice(this.jobs.indexOf(job), 1);
    return gone.map(({ name }) => name);
  }

  /** The names the next submission's tasks will have, in order. */
  upcomingNames(count: number): string[] {
    return Array.from({ length: count }, (_, index) => `t${this.#names + index}`);
  }

  #spawn(
    job: ModelJob,
    parent: ModelTask | undefined,
    groups: readonly GroupShape[],
    state: TaskState,
  ): void {
    const spawn = this.#spawns++;
    const made: ModelTask[][] = groups.map(() => []);
    for (const [index, group] of groups.entries()) {
      for (const shape of group.tasks) {
        const task: ModelTask = {
          ...shape,
          name: `t${this.#names++}`,
          job,
          parent,
          spawn,
          place: made.flat().length,
          dependsOn: group.dependsOn.map((dependency) => made[dependency] ?? []),
          children: [],
          state,
          started: false,
          abandoned: false,
          leaseEndsAtMs: 0,
          retries: 0,
          lost: 0,
          givenBack: 0,
          progress: new Map(),
        };
        made[index]?.push(task);
        job.tasks.push(task);
        parent?.children.push(task);
      }
    }
  }

  isDone(task: ModelTask): boolean {
    if (task.state === "computed") return task.children.every((child) => this.isDone(child));
    return task.state === "skipped" || task.state === "failed-optional";
  }

  stateOf(job: ModelJob): JobState {
    const has = (state: TaskState) => job.tasks.some((task) => task.state === state);
    if (job.canceled) return "canceled";
    if (has("failed")) return "failed";
    if (job.tasks.every((task) => this.isDone(task))) return "completed";
    if (!job.tasks.some((task) => task.started)) return "submitted";
    if (has("running")) return "running";
    return has("computed") || has("failed-optional") ? "started" : "running";
  }

  isClaimable(task: ModelTask, offer: Offered): boolean {
    return (
      task.state === "queued" &&
      ["submitted", "running", "started"].includes(this.stateOf(task.job)) &&
      task.dependsOn.flat().every((dependency) => this.isDone(dependency)) &&
      task.cluster === offer.cluster &&
      offer.identifiers.some(
        ({ kind, major, minor }) => kind === task.kind && major === task.major && minor >= task.minor,
      )
    );
  }

  /** The job of the task just reported first, else the oldest job; in it the youngest spawn, in order. */
  claim(offer: Offered, preferred: ModelJob | undefined): ModelTask | undefined {
    const claimable = this.tasks.filter((task) => this.isClaimable(task, offer));
    const first = claimable.toSorted(
      (a, b) =>
        Number(b.job === preferred) - Number(a.job === preferred) ||
        a.job.number - b.job.number ||
        b.spawn - a.spawn ||
        a.place - b.place,
    )[0];
    if (first === undefined) return undefined;
    first.state = "running";
    first.started = true;
    first.leaseEndsAtMs = this.nowMs + firstLeaseMs;
    return first;
  }

  compute(task: ModelTask, groups: readonly GroupShape[], progress: ModelTask["progress"]): void {
    const late = task.state === "queued" && task.started;
    if (task.state !== "running" && !late) return;
    task.state = "computed";
    task.progress = progress;
    this.#spawn(task.job, task, groups, task.abandoned ? "skipped" : "queued");
  }

  fail(task: ModelTask, progress: ModelTask["progress"]): void {
    if (task.state !== "running") return;
    task.progress = progress;
    if (task.retries < task.maxRetries && !task.abandoned) {
      task.retries++;
      task.state = "queued";
    } else this.#giveUp(task);
  }

  giveBack(task: ModelTask): void {
    if (task.state !== "running") return;
    task.progress = new Map();
    if (task.abandoned) task.state = "skipped";
    else if (++task.givenBack > 100) this.#giveUp(task);
    else task.state = "queued";
  }

  #giveUp(task: ModelTask): void {
    let optional = task.optional ? task : task.parent;
    while (optional !== undefined && !optional.optional) optional = optional.parent;
    task.state = optional === undefined ? "failed" : "failed-optional";
    if (optional === undefined || optional === task || task.abandoned) return;
    const below = [...optional.children];
    for (const descendant of below) {
      below.push(...descendant.children);
      if (descendant.state === "queued") descendant.state = "skipped";
      if (descendant.state === "running") descendant.abandoned = true;
    }
  }

  advance(ms: number): void {
    this.nowMs += ms;
    const ended = this.tasks.filter((task) => task.state === "running" && task.leaseEndsAtMs <= this.nowMs);
    for (const task of ended.toSorted((a, b) => a.leaseEndsAtMs - b.leaseEndsAtMs)) {
      if (task.state !== "running") continue;
      if (task.abandoned) task.state = "skipped";
      else if (++task.lost > 10) this.#giveUp(task);
      else task.state = "queued";
    }
  }

  extend(task: ModelTask, askedMs: number): number | undefined {
    if (task.state !== "running") return undefined;
    const leaseMs = Math.min(Math.max(askedMs, firstLeaseMs), 300_000);
    task.leaseEndsAtMs = this.nowMs + leaseMs;
    return leaseMs;
  }

  restart(): void {
    for (const task of this.tasks) {
      task.leaseEndsAtMs = Math.max(task.leaseEndsAtMs, this.nowMs + firstLeaseMs);
    }
  }

  cancel(job: ModelJob): void {
    if (["submitted", "running", "started"].includes(this.stateOf(job))) job.canceled = true;
  }

  retry(job: ModelJob): number {
    if (!["failed", "canceled"].includes(this.stateOf(job))) return 0;
    job.canceled = false;
    const failed = job.tasks.filter((task) => task.state === "failed");
    for (const task of failed) Object.assign(task, { state: "queued", retries: 0, lost: 0, givenBack: 0 });
    return failed.length;
  }

  progressOf(job: ModelJob): Map<string, [total: number, done: number]> {
    const sums = new Map<string, [number, number]>();
    for (const task of job.tasks) {
      for (const [label, [total, done]] of task.progress) {
        const [sumTotal, sumDone] = sums.get(label) ?? [0, 0];
        sums.set(label, [sumTotal + total, sumDone + done]);
      }
    }
    return sums;
  }
}
