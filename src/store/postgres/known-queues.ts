import { type Database, prepare } from "../sql/statement.ts";
import type { QueueRow } from "../sql/task-queue-table.ts";
import type { TaskTables } from "../sql/task-work.ts";
import { locks } from "./locks.ts";
import type { Executor, Replay } from "./replay.ts";
import { postgresStatement } from "./statement-text.ts";

/** A project that makes new ones without end must not fill the memory. */
const rememberedQueues = 10_000;

/** Queues are made one transaction after the other, see locks.ts, so that no older one can come later. */
const newestQueue = postgresStatement(
  "SELECT sequence FROM task_queues ORDER BY sequence DESC LIMIT 1",
  true,
);

/**
 * Queues neither change nor go, so that those which were read once are known from one transaction to the
 * next. Not those that a transaction makes: it may be undone, and with it the queue.
 */
export class KnownQueues {
  readonly #replay: Replay;
  readonly #sequences = new Map<string, { readonly sequence: number }>();
  readonly #rows = new Map<number, QueueRow>();
  #makesQueue = false;
  #newest = 0;

  constructor(replay: Replay) {
    this.#replay = replay;
  }

  /**
   * A transaction begins.
   * @returns whether there are queues that were not there the last time.
   */
  async begin(executor: Executor): Promise<boolean> {
    this.#makesQueue = false;
    const { rows } = await executor.query(newestQueue, []);
    const newest = (rows as readonly { readonly sequence: number }[])[0]?.sequence ?? 0;
    const isNew = newest !== this.#newest;
    this.#newest = newest;
    this.#bound();
    return isNew;
  }

  #bound(): void {
    if (this.#rows.size < rememberedQueues && this.#sequences.size < rememberedQueues) return;
    this.#sequences.clear();
    this.#rows.clear();
  }

  /** See WorkingRows.before. */
  statements(queues: TaskTables["queues"], database: Database): Partial<TaskTables["queues"]> {
    const lock = prepare<[lock: number]>(database, "SELECT pg_advisory_xact_lock(?)");
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
          lock.run(locks.queues);
          return queues.insert.get(...values);
        },
      },
    };
  }
}
