import type { Timers } from "../../src/server/timers.ts";

/** Timers that fire when a test moves the time. */
export class ManualTimers implements Timers {
  #nowMs = 0;
  readonly #pending = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  readonly nowMs = (): number => this.#nowMs;

  set(callback: () => void, afterMs: number): () => void {
    const timer = { atMs: this.#nowMs + afterMs, callback };
    this.#pending.add(timer);
    return () => this.#pending.delete(timer);
  }

  /** How many are set. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Moves the time and fires what is due, earliest first. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#pending].toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#pending.delete(next);
      this.#nowMs = next.atMs;
      next.callback();
    }
    this.#nowMs = endMs;
  }
}
