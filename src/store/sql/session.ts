import type { Clock, IdSource } from "../../engine/id.ts";
import type { JobId, TaskId } from "../../engine/job.ts";
import type { Database } from "./statement.ts";

/** What every part of the store works with. */
export interface Session {
  readonly database: Database;
  /** Every write goes through here. */
  readonly writer: Writer;
  /**
   * Runs reads that see one state of the database: everything that was committed before, nothing of what
   * comes after.
   */
  read<Result>(query: () => Result): Promise<Result>;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/**
 * Runs on the database inside a transaction; what it throws undoes what it did and nothing else. It is
 * written as if every statement answered at once. On PostgreSQL it is begun again after each answer, see
 * postgres/replay.ts: so it does nothing but run statements, ask the session's clock and ids, and change
 * what it made itself.
 */
export type Operation<Result> = () => Result;

export interface Writer {
  /** Whether nobody else writes, so that what is kept in memory stays true from one transaction to the next. */
  readonly isOnlyOne: boolean;
  /** Fulfilled when the operation is committed durably, rejected with what it threw or with store-failed. */
  submit<Result>(operation: Operation<Result>, scope?: Partial<JobScope>): Promise<Result>;
  /** For a running operation: what else its transaction needs, once, when all operations have run. */
  atCommit(work: CommitWork): void;
}

/**
 * What an operation is known to change before it runs. An engine with one writer has no use for it; one
 * with several locks these jobs, in one order, before any operation of a transaction runs.
 */
export interface JobScope {
  readonly tasks: readonly TaskId[];
  readonly jobs: readonly JobId[];
  /** Jobs by jobs.sequence. */
  readonly sequences: readonly number[];
  /** Tasks are submitted, to clusters which must stay. */
  readonly submits: boolean;
}

export interface CommitWork {
  /** Runs in the transaction; what it throws undoes all of it. */
  write(): void;
  /** The transaction was undone, whatever the reason. */
  undone(): void;
}
