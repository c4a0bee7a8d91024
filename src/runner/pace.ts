/**
 * Whether tasks are so short lately that asking for the next one takes as long as running it. Then a runner
 * claims some ahead, so that its workers need not wait for the control plane between two tasks.
 */
export class Pace {
  #averageMs = notShortMs;

  get isShort(): boolean {
    return this.#averageMs < shortMs;
  }

  note(tookMs: number): void {
    this.#averageMs += (tookMs - this.#averageMs) / memory;
  }

  /** A task that was claimed ahead had to be given back: the pace is another one now. */
  turn(): void {
    this.#averageMs = notShortMs;
  }
}

/** A claim takes a few milliseconds; at ten times that, waiting for it is a tenth of the time. */
const shortMs = 50;
const notShortMs = 500;
/** After so many short tasks the rest of a long one's weight is a third. */
const memory = 16;
