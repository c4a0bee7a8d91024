/** A worker and the tasks it has. */
import type { Task } from "../api/gen/workflows/v1/core_pb.ts";
import type { StopLimits, TaskOutcome, Worker } from "../worker/worker.ts";
import type { WorkerExit } from "../worker/worker-process.ts";
import type { UnansweredEnd } from "./task-verdict.ts";
import type { Time } from "./time.ts";

export type RunEnd = Extract<TaskOutcome, { kind: "computed" | "failed" }> | UnansweredEnd;

export class BusyWorker {
  readonly worker: Worker;
  /**
   * Resolves when it must get no more tasks: one has outrun its limit, and only the worker's end stops that, or
   * it did not take one.
   */
  readonly stuck: Promise<void>;
  /** How many tasks it has answered for. */
  answered = 0;
  readonly #time: Time;
  readonly #becomeStuck: () => void;
  #running = 0;
  #outrun = 0;
  #dead = false;
  #wedged = false;
  #diedWith: number | undefined;
  #onIdle = (): void => {};

  constructor(worker: Worker, time: Time) {
    this.worker = worker;
    this.#time = time;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stuck = promise;
    this.#becomeStuck = resolve;
    void worker.exited.then(() => {
      this.#dead = true;
    });
  }

  /** It takes no more tasks. Known to whoever lost a task with it before `exited` or `stuck` are. */
  get unusable(): boolean {
    return this.#dead || this.#wedged;
  }

  get exited(): Promise<WorkerExit> {
    return this.worker.exited;
  }

  /** Runs one task. When `quit` fires, or the limit is over, the worker still has it. */
  async run(task: Task, limitMs: number, quit: AbortSignal): Promise<RunEnd> {
    const stop = new AbortController();
    const abandon = (): void => stop.abort();
    let timedOut = false;
    const cancel = this.#time.after(limitMs, () => {
      timedOut = true;
      stop.abort();
    });
    quit.addEventListener("abort", abandon, { once: true });
    if (quit.aborted) abandon();
    this.#running++;
    const outcome = await this.worker.execute(task, stop.signal);
    cancel();
    quit.removeEventListener("abort", abandon);
    const end = this.#endOf(outcome, timedOut, limitMs);
    this.#running--;
    if (this.#running === 0) this.#onIdle();
    return end;
  }

  #endOf(outcome: TaskOutcome, timedOut: boolean, limitMs: number): RunEnd {
    switch (outcome.kind) {
      case "computed":
      case "failed":
        this.answered++;
        return outcome;
      case "died":
        this.#dead = true;
        // The first to learn of it counts those that learn of it next.
        this.#diedWith ??= this.#running + this.#outrun;
        return { kind: "died", exit: outcome.exit, together: this.#diedWith };
      case "abandoned":
        if (!timedOut) return outcome;
        this.#outrun++;
        this.#wedge();
        return { kind: "timed-out", limitMs };
      case "refused":
        this.#wedge();
        return outcome;
    }
  }

  #wedge(): void {
    this.#wedged = true;
    this.#becomeStuck();
  }

  /** Resolves when it has no task that anybody waits for. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#onIdle;
    this.#onIdle = () => {
      before();
      resolve();
    };
    return promise;
  }

  /** Lets it end by itself, or kills it at once when it would not. */
  async stop(limits: StopLimits, quit: AbortSignal): Promise<void> {
    if (this.#wedged || quit.aborted) return this.kill();
    const kill = (): void => void this.kill();
    quit.addEventListener("abort", kill, { once: true });
    await this.worker.stop(limits);
    quit.removeEventListener("abort", kill);
  }

  async kill(): Promise<void> {
    await this.worker[Symbol.asyncDispose]();
  }
}
