/** Time that passes only when nothing else is left to do, so that a seed decides the order of everything. */
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";

/** Commits and module loads that are done already take this many turns of the event loop at most. */
const quietTurns = 6;

export class VirtualTime {
  #nowMs = 1_700_000_000_000;
  #sequence = 0;
  #timers: { readonly atMs: number; readonly sequence: number; readonly call: () => void }[] = [];
  /** What a server is working on now. */
  busy = 0;

  readonly nowMs = (): number => this.#nowMs;

  after(ms: number, call: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.ceil(ms), sequence: this.#sequence++, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Ends early, without rejecting, when the signal is aborted. */
  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const cancel = this.after(ms, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });

  /** Lets time pass until the work has ended. */
  async pass<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    let waits = 0;
    for (;;) {
      await this.#quiet();
      if (ended) return await work;
      const [next] = this.#timers.toSorted(
        (one, other) => one.atMs - other.atMs || one.sequence - other.sequence,
      );
      if (next === undefined) {
        // A module that is loaded for the first time.
        if (++waits > 1_000) throw new Error("everybody waits for something that never comes");
        await delay(1);
        continue;
      }
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.call();
    }
  }

  async #quiet(): Promise<void> {
    for (let turns = 0; turns < quietTurns; turns++) {
      await turn();
      if (this.busy > 0) turns = 0;
    }
  }
}
