/**
 * Claims tasks, has them run, and reports what became of them: as many at once as there are lanes. A lane
 * that has just finished a task reports it and asks for the next one in one call. Of the lanes that have
 * nothing to do, one asks for all of them, so that an idle runner costs one request and not one a lane.
 */
import type { Client } from "@connectrpc/connect";
import type { Task } from "../api/gen/workflows/v1/core_pb.ts";
import type { ComputedTask, TaskService } from "../api/gen/workflows/v1/task_pb.ts";
import type { ReleaseError } from "../errors.ts";
import { keepLease, toMs } from "./lease.ts";
import { PatientCalls, type PatientCallsDeps } from "./patient-calls.ts";
import { type Ahead, ReportBatch } from "./report-batch.ts";
import type { Claim } from "./roster.ts";
import type { TaskResult } from "./task-report.ts";

export interface TaskLoopDeps extends PatientCallsDeps {
  readonly tasks: PatientCallsDeps["tasks"] & Pick<Client<typeof TaskService>, "extendTaskLease">;
  /** Undefined when no worker can take a task now. */
  claim(): Claim | undefined;
  ahead(): Ahead;
  /** A lane heard that there is nothing to run, or has nothing to ask for. */
  onIdle(): void;
}

/** As the official clients keep a suggested sleep. */
const shortestSleepMs = 1;
const longestSleepMs = 5 * 60_000;
/** Where a control plane answers with neither a task nor a time to sleep. */
const defaultSleepMs = 1_000;

export class TaskLoop {
  readonly #deps: TaskLoopDeps;
  readonly #stop = new AbortController();
  readonly #calls: PatientCalls;
  readonly #reports: ReportBatch;
  /** The lanes that wait for their turn to ask for all of them. */
  readonly #parked: (() => void)[] = [];
  #asking = false;
  /** Wakes whoever sleeps; counted, so that one that comes during a request is not missed. */
  #wakes = 0;
  #wakeSleeper = (): void => {};
  #idleAsk = new AbortController();
  #starved = false;
  #busy = 0;

  constructor(deps: TaskLoopDeps) {
    this.#deps = deps;
    const onRefused = (error: ReleaseError): void => this.#refuse(error);
    this.#calls = new PatientCalls({ ...deps, onRefused }, this.#stop.signal);
    this.#reports = new ReportBatch(deps.time, () => deps.ahead());
  }

  /** Tasks that run or are not reported yet. */
  get busy(): number {
    return this.#busy;
  }

  /** Runs until it is stopped and every task is reported. Never rejects. */
  async run(lanes: number): Promise<void> {
    await Promise.all(Array.from({ length: lanes }, () => this.#lane()));
  }

  /** Claims nothing more. */
  stop(): void {
    this.#stop.abort();
    this.#reports.leave();
    this.withdraw();
    this.wake();
    for (const next of this.#parked.splice(0)) next();
  }

  /** Waits for nothing any more: what is being said to the control plane has a moment to be answered. */
  quit(): void {
    this.stop();
    this.#calls.quit();
  }

  /** There may be work: whoever sleeps asks again. */
  wake(): void {
    this.#wakes++;
    this.#wakeSleeper();
  }

  /** What is being asked for is not wanted any more: a request that waits for work is given up. */
  withdraw(): void {
    this.#idleAsk.abort();
    this.#idleAsk = new AbortController();
  }

  /** A worker can take another task: whoever had nothing to ask for may have now. */
  onFree(): void {
    if (this.#starved) this.wake();
  }

  async #lane(): Promise<void> {
    let result: TaskResult | undefined;
    for (;;) {
      using claimed = await this.#next(result);
      if (claimed === undefined) return;
      this.#busy++;
      result = await this.#runTask(claimed);
    }
  }

  async #runTask({ task, claim }: ClaimedTask): Promise<TaskResult> {
    const { time, tasks, onEvent } = this.#deps;
    const end = keepLease(task, {
      time,
      extend: ({ id }, requestedLease) =>
        tasks.extendTaskLease({ requestedLease, ...(id === undefined ? {} : { taskId: id }) }),
      onLost: () => onEvent({ kind: "lease-lost", task }),
    });
    try {
      return await claim.run(task);
    } finally {
      end();
    }
  }

  /** Reports, and waits for the next task; undefined when there is to be none. */
  async #next(result: TaskResult | undefined): Promise<ClaimedTask | undefined> {
    if (result === undefined) return await this.#wait();
    let claimed: ClaimedTask | undefined;
    if (result.kind === "failed") {
      await this.#calls.reportFailure(result.task);
      claimed = await this.#ask(undefined);
    } else {
      claimed = await this.#ask(result.task);
      // What it submitted is more than one lane's work.
      if (result.task.subTasks !== undefined) this.wake();
    }
    this.#busy--;
    return claimed ?? (await this.#wait());
  }

  /** Asks in turn with the other lanes that have nothing to do. */
  async #wait(): Promise<ClaimedTask | undefined> {
    while (this.#asking) {
      if (this.#stop.signal.aborted) return undefined;
      await new Promise<void>((resume) => this.#parked.push(resume));
    }
    this.#asking = true;
    try {
      while (!this.#stop.signal.aborted) {
        const wakes = this.#wakes;
        const idle: { sleepMs?: number } = {};
        const claimed = await this.#ask(undefined, idle);
        if (claimed !== undefined) return claimed;
        this.#starved = idle.sleepMs === undefined;
        this.#deps.onIdle();
        if (wakes === this.#wakes) await this.#sleep(idle.sleepMs ?? longestSleepMs);
        this.#starved = false;
      }
      return undefined;
    } finally {
      this.#asking = false;
      this.#parked.shift()?.();
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#wakeSleeper = () => {};
        resolve();
      };
      const cancel = this.#deps.time.after(ms, wake);
      this.#wakeSleeper = wake;
    });
  }

  /**
   * Reports a computed task, if any, and asks for a task, if any can be taken.
   *
   * @param idle is told how long to sleep; nothing when there was nothing to ask for.
   */
  async #ask(
    computed: ComputedTask | undefined,
    idle: { sleepMs?: number } = {},
  ): Promise<ClaimedTask | undefined> {
    const claim = this.#stop.signal.aborted ? undefined : this.#deps.claim();
    if (computed === undefined && claim === undefined) return undefined;
    const send = () => this.#calls.nextTask(computed, claim, this.#idleAsk.signal);
    // The claim is kept meanwhile, so that nobody else asks for it alone. Sub-tasks are work for others.
    const waits = computed !== undefined && computed.subTasks === undefined && !this.#stop.signal.aborted;
    const answer = await (waits ? this.#reports.send(send) : send());
    if (claim === undefined) return undefined;
    if (answer === "withdrawn") {
      claim[Symbol.dispose]();
      idle.sleepMs = shortestSleepMs;
      return undefined;
    }
    const task = answer?.nextTask;
    if (task !== undefined) return { task, claim, [Symbol.dispose]: () => claim[Symbol.dispose]() };
    claim[Symbol.dispose]();
    const suggestedMs = toMs(answer?.idling?.suggestedIdlingDuration) || defaultSleepMs;
    idle.sleepMs = Math.min(Math.max(suggestedMs, shortestSleepMs), longestSleepMs);
    return undefined;
  }

  #refuse(error: ReleaseError): void {
    const first = !this.#stop.signal.aborted;
    this.stop();
    if (first) this.#deps.onRefused(error);
  }
}

interface ClaimedTask extends Disposable {
  readonly task: Task;
  readonly claim: Claim;
}
