import type { Time } from "../../src/runner/time.ts";

/** Time that passes only when it is told to, in order and with everything that follows in between. */
export class HeldTime implements Time {
  #nowMs = 1_000_000;
  #timers: { readonly dueMs: number; readonly call: () => void }[] = [];

  nowMs = (): number => this.#nowMs;

  after = (ms: number, call: () => void): (() => void) => {
    const timer = { dueMs: this.#nowMs + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#timers.toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.call();
    }
    this.#nowMs = endMs;
  }
}
