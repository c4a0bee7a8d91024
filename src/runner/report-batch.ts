/**
 * Lets the reports of short tasks leave together. Reports that arrive together become durable in one commit,
 * and commits are two fifths of what a control plane does for short tasks. Nobody waits for them meanwhile: it is
 * done only while there are tasks that are claimed ahead, and not for long.
 */
import type { Time } from "./time.ts";

/** What depends on a task on another runner waits so much longer. */
const longestWaitMs = 10;

export class ReportBatch {
  readonly #time: Time;
  readonly #spareTasks: () => number;
  #waiting: (() => void)[] = [];
  #cancel = (): void => {};

  /** @param spareTasks how many are claimed ahead and wait for their turn */
  constructor(time: Time, spareTasks: () => number) {
    this.#time = time;
    this.#spareTasks = spareTasks;
  }

  /** Resolves when the report of a task that has just ended may leave. */
  ready(): Promise<void> {
    // Half of what is claimed ahead runs while the other half is reported and claimed.
    if (this.#waiting.length + 1 >= this.#spareTasks()) {
      this.leave();
      return Promise.resolve();
    }
    if (this.#waiting.length === 0) this.#cancel = this.#time.after(longestWaitMs, () => this.leave());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing waits any longer. */
  leave(): void {
    this.#cancel();
    const left = this.#waiting;
    this.#waiting = [];
    for (const resume of left) resume();
  }
}
