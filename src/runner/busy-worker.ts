/** A worker and the tasks it has. */
import type { Task } from "../api/gen/workflows/v1/core_pb.ts";
import type { StopLimits, TaskOutcome, Worker } from "../worker/worker.ts";
import type { WorkerExit } from "../worker/worker-process.ts";
import type { UnansweredEnd } from "./task-verdict.ts";
import type { Time } from "./time.ts";

export type RunEnd = Extract<TaskOutcome, { kind: "computed" | "failed" }> | UnansweredEnd;

export class BusyWorker {
  readonly worker: Worker;
  /** Resolves when a task has outrun its limit: only the worker's end stops it, so it must get no more tasks. */
  readonly stuck: Promise<void>;
  /** How many tasks it has answered for. */
  answered = 0;
  readonly #time: Time;
  readonly #becomeStuck: () => void;
  #running = 0;
  #outrun = 0;
  #dead = false;
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

  /** It has ended; calls would fail. Known to whoever lost a task with it before `exited` is. */
  get dead(): boolean {
    return this.#dead;
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
        this.#becomeStuck();
        return { kind: "timed-out", limitMs };
      case "refused":
        return outcome;
    }
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

  /** Lets it end by itself, or kills it at once when a task in it would never end. */
  async stop(limits: StopLimits, quit: AbortSignal): Promise<void> {
    if (this.#outrun > 0 || quit.aborted) return this.kill();
    const kill = (): void => void this.kill();
    quit.addEventListener("abort", kill, { once: true });
    await this.worker.stop(limits);
    quit.removeEventListener("abort", kill);
  }

  async kill(): Promise<void> {
    await this.worker[Symbol.asyncDispose]();
  }
}
