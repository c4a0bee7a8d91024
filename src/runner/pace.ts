/**
 * How short tasks are lately. Where asking for the next one takes about as long as running it, a runner
 * claims some ahead, so that its workers need not wait for the control plane between two tasks, and so that
 * what it reports together becomes durable together.
 */
export class Pace {
  #averageMs = notShortMs;
  #ahead = 1;

  /** How many tasks to hold for each that may run: the one that runs, and what is claimed ahead. */
  get ahead(): number {
    return this.#ahead;
  }

  note(tookMs: number): void {
    // A pause of the machine makes all that run then look longer than they are.
    const countedMs = tookMs < notShortMs ? Math.min(tookMs, 2 * this.#averageMs) : tookMs;
    this.#averageMs += (countedMs - this.#averageMs) / memory;
    // Twice as many or half as many, and not to and fro: what is held below the new number is claimed one by one.
    while (this.#ahead < mostAhead && this.#averageMs * this.#ahead * 2 <= aheadMs) this.#ahead *= 2;
    while (this.#ahead > 1 && this.#averageMs * this.#ahead > aheadMs * 2) this.#ahead /= 2;
  }

  /** A task that was claimed ahead had to be given back: the pace is another one now. */
  turn(): void {
    this.#averageMs = notShortMs;
    this.#ahead = 1;
  }
}

/**
 * What is claimed ahead is to take about that long, and no longer than twice that. A claim takes a few milliseconds;
 * where a task takes ten times that, waiting for its successor is a tenth of the time, and nothing is claimed ahead.
 */
const aheadMs = 100;
/**
 * 2 and 4 make 10,000 tasks that do nothing take 2.0 and 1.6 times a bare loop's time, 8 and 16 1.4 and 1.2 times
 * (medians of five rounds); 32 was no better than 16.
 */
export const mostAhead = 16;
const notShortMs = 500;
/** After so many short tasks the rest of a long one's weight is a third. */
const memory = 16;
