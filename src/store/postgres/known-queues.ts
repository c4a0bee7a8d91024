import type { QueueRow } from "../sql/task-queue-table.ts";
import type { TaskTables } from "../sql/task-work.ts";
import type { Replay } from "./replay.ts";

/** A project that makes new ones without end must not fill the memory. */
const rememberedQueues = 10_000;

/**
 * Queues neither change nor go, so that those which were read once are known from one transaction to the
 * next. Not those that a transaction makes: it may be undone, and with it the queue.
 */
export class KnownQueues {
  readonly #replay: Replay;
  readonly #sequences = new Map<string, { readonly sequence: number }>();
  readonly #rows = new Map<number, QueueRow>();
  #makesQueue = false;

  constructor(replay: Replay) {
    this.#replay = replay;
  }

  /** A transaction begins. */
  begin(): void {
    this.#makesQueue = false;
    if (this.#rows.size < rememberedQueues && this.#sequences.size < rememberedQueues) return;
    this.#sequences.clear();
    this.#rows.clear();
  }

  /** See WorkingRows.before. */
  statements(queues: TaskTables["queues"]): Partial<TaskTables["queues"]> {
    const once = <Value>(make: () => Value) => this.#replay.once(make);
    return {
      find: {
        ...queues.find,
        get: (cluster, name, version) => {
          const key = `${cluster}\n${version} ${name}`;
          const found = once(() => this.#sequences.get(key)) ?? queues.find.get(cluster, name, version);
          if (found !== undefined && !this.#makesQueue) this.#sequences.set(key, found);
          return found;
        },
      },
      bySequence: {
        ...queues.bySequence,
        get: (sequence) => {
          const found = once(() => this.#rows.get(sequence)) ?? queues.bySequence.get(sequence);
          if (found !== undefined && !this.#makesQueue) this.#rows.set(sequence, found);
          return found;
        },
      },
      insert: {
        ...queues.insert,
        get: (...values) => {
          this.#makesQueue = true;
          return queues.insert.get(...values);
        },
      },
    };
  }
}
