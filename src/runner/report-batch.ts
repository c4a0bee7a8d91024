/**
 * Lets the reports of short tasks leave together. What arrives together becomes durable in one commit and is one call,
 * and the two are most of what a control plane does for short tasks. Nobody waits for them meanwhile: it is done only
 * while tasks are claimed ahead, and not for long.
 */
import type { Time } from "./time.ts";

/** What depends on a task on another runner waits so much longer. */
const longestWaitMs = 20;

/** What is claimed ahead. */
export interface Ahead {
  /** Whether tasks are short enough for it. */
  readonly isWanted: boolean;
  /** How many wait for their turn to run. */
  readonly spareTasks: number;
}

export class ReportBatch {
  readonly #time: Time;
  readonly #ahead: () => Ahead;
  #waiting: (() => void)[] = [];
  #unanswered = 0;
  #cancel = (): void => {};

  constructor(time: Time, ahead: () => Ahead) {
    this.#time = time;
    this.#ahead = ahead;
  }

  /** Makes the call that reports a task when it may leave. */
  async send<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    await this.#ready();
    this.#unanswered++;
    try {
      return await call();
    } finally {
      this.#unanswered--;
      if (this.#isUrgent(this.#waiting.length)) this.leave();
    }
  }

  /** Nothing waits any longer. */
  leave(): void {
    this.#cancel();
    const left = this.#waiting;
    this.#waiting = [];
    for (const resume of left) resume();
  }

  #ready(): Promise<void> {
    if (!this.#ahead().isWanted || this.#isUrgent(this.#waiting.length + 1)) {
      this.leave();
      return Promise.resolve();
    }
    if (this.#waiting.length === 0) this.#cancel = this.#time.after(longestWaitMs, () => this.leave());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Half of what is claimed ahead runs while the other half is reported and claimed. While there are answers to come,
   * they bring more: reports that left one by one would be answered, and end, one by one from then on.
   */
  #isUrgent(waiting: number): boolean {
    return this.#unanswered === 0 && waiting >= this.#ahead().spareTasks;
  }
}
