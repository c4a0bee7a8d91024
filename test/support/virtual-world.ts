/** Time that passes only while a gate sleeps, and what is to happen in it. */
import { randomBytes } from "node:crypto";
import type { GateWorld } from "../../src/release/gates/gate.ts";

export class VirtualWorld implements GateWorld {
  #nowMs: number;
  #planned: { readonly atMs: number; readonly event: () => Promise<void> }[] = [];
  readonly random = (sizeBytes: number): Uint8Array => randomBytes(sizeBytes);

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  readonly clock = (): number => this.#nowMs;

  /** Happens so much later, while somebody sleeps. */
  after(ms: number, event: () => Promise<void>): void {
    this.#planned.push({ atMs: this.#nowMs + ms, event });
    this.#planned.sort((one, other) => one.atMs - other.atMs);
  }

  readonly sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    const endMs = Math.ceil(this.#nowMs + ms);
    for (let next = this.#planned[0]; next !== undefined && next.atMs <= endMs; next = this.#planned[0]) {
      this.#planned.shift();
      this.#nowMs = next.atMs;
      await next.event();
      if (signal.aborted) return;
    }
    this.#nowMs = endMs;
  };
}
