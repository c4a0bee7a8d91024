import type { Pool } from "pg";
import { SystemError } from "../../errors.ts";
import type { CommitFacts } from "../port.ts";
import type { CommitWork, JobScope, Operation, Writer } from "../sql/session.ts";
import { ClientExecutor, giveBack } from "./connection.ts";
import { isConflict, isUnreachable, storeClosed, toStoreError } from "./failure.ts";
import { Diverged, type Outcome, type Replay } from "./replay.ts";

export interface Lane extends Writer {
  /** Commits what was submitted; later submits are rejected. */
  close(): Promise<void>;
}

interface LaneOptions {
  readonly pool: Pool;
  readonly replay: Replay;
  /** The database's name in messages. */
  readonly where: string;
  /** Sends what a transaction begins with: its locks. `afterFailure`: the database was away since the last one. */
  readonly open: (
    executor: ClientExecutor,
    scopes: readonly Partial<JobScope>[],
    afterFailure: boolean,
  ) => Promise<void>;
  /** Between a conflict and the next attempt. */
  readonly pause: (attempt: number) => Promise<void>;
  readonly onCommit?: ((facts: Omit<CommitFacts, "lane">) => void) | undefined;
}

interface Submitted {
  readonly operation: Operation<unknown>;
  readonly scope: Partial<JobScope>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** This operation made its transaction fail; the others deserve one without it. */
class Spoiled extends Error {
  readonly by: Submitted;

  constructor(by: Submitted, cause: unknown) {
    super("an operation failed after it had written", { cause });
    this.by = by;
  }
}

/** Locks are held as long as a transaction lasts, so that it must not grow without end. */
const operationsAtOnce = 128;
const attempts = 5;

/**
 * The way to write: what is submitted while one transaction is under way shares the next one, so that the
 * ways to the server and the wait for its disk are paid once for all of them. Where SQLite's writer has a
 * SAVEPOINT for each operation, this one has none: an operation that is refused before it has written leaves
 * its neighbours alone, and where one fails after that, the transaction is run again without it.
 */
export function createLane({ pool, replay, where, open, pause, onCommit }: LaneOptions): Lane {
  const waiting: Submitted[] = [];
  /** Of the transaction under way. It grows by what its own operations cause to be submitted. */
  let running: Submitted[] | undefined;
  let commitWork: CommitWork[] = [];
  let closed = false;
  let failed = false;
  let drained: (() => void) | undefined;

  async function runAll(batch: Submitted[], executor: ClientExecutor): Promise<Outcome<unknown>[]> {
    const outcomes: Outcome<unknown>[] = [];
    for (const submitted of batch) {
      const outcome = await replay.run(submitted.operation, executor).catch((error: unknown) => {
        if (error instanceof Diverged || isConflict(error) || isUnreachable(error)) throw error;
        throw new Spoiled(submitted, error);
      });
      if (!outcome.ok && outcome.wrote) throw new Spoiled(submitted, outcome.error);
      outcomes.push(outcome);
    }
    for (const { write } of commitWork) {
      const outcome = await replay.run(write, executor);
      if (!outcome.ok) throw outcome.error;
    }
    return outcomes;
  }

  /** `commits`: the failure came while it was not known whether the transaction is committed. */
  async function runTogether(
    batch: Submitted[],
    progress: { commits: boolean },
  ): Promise<Outcome<unknown>[]> {
    const startedMs = performance.now();
    const tell = (committed: boolean) =>
      onCommit?.({ operations: batch.length, tookMs: performance.now() - startedMs, committed });
    const client = await pool.connect();
    try {
      const executor = new ClientExecutor(client);
      executor.command("BEGIN");
      const scopes = batch.map((submitted) => submitted.scope);
      await open(executor, scopes, failed);
      const outcomes = await runAll(batch, executor);
      progress.commits = true;
      await executor.commit();
      client.release();
      tell(true);
      return outcomes;
    } catch (error) {
      tell(false);
      for (const { undone } of commitWork) undone();
      await client.query("ROLLBACK").then(
        () => (isConflict(error) || error instanceof Spoiled ? client.release() : giveBack(client, error)),
        () => giveBack(client, error),
      );
      throw error;
    } finally {
      commitWork = [];
    }
  }

  async function settle(batch: Submitted[]): Promise<void> {
    running = batch;
    for (let attempt = 1; ; attempt++) {
      const progress = { commits: false };
      try {
        const outcomes = await runTogether(batch, progress);
        failed = false;
        for (const [index, { resolve, reject }] of batch.entries()) {
          const outcome = outcomes[index];
          if (outcome?.ok) resolve(outcome.result);
          else reject(outcome?.error);
        }
        return;
      } catch (error) {
        if (error instanceof Spoiled) return await settleWithout(batch, error);
        // A connection may have died of old age in the pool, or with a server that is back by now.
        const again =
          isConflict(error) || error instanceof Diverged || (isUnreachable(error) && attempt === 1);
        failed ||= isUnreachable(error);
        if (!again || progress.commits || attempt >= attempts) return rejectAll(batch, error);
        if (isConflict(error)) await pause(attempt);
      }
    }
  }

  async function settleWithout(batch: Submitted[], { by, cause }: Spoiled): Promise<void> {
    if (batch.length === 1) return by.reject(toStoreError(cause, where));
    await settle(batch.filter((submitted) => submitted !== by));
    await settle([by]);
  }

  function rejectAll(batch: readonly Submitted[], cause: unknown): void {
    const named = toStoreError(cause, where);
    const error = named instanceof SystemError ? named : commitFailed(where, cause);
    for (const { reject } of batch) reject(error);
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      await settle(waiting.splice(0, operationsAtOnce));
    }
    running = undefined;
    drained?.();
  }

  return {
    isOnlyOne: false,
    submit<Result>(operation: Operation<Result>, scope: Partial<JobScope> = {}): Promise<Result> {
      if (closed) return Promise.reject(storeClosed());
      return new Promise<Result>((resolve, reject) => {
        const submitted = {
          operation,
          scope,
          resolve: (result: unknown) => resolve(result as Result),
          reject,
        };
        // What an operation's listeners submit joins its transaction, unless locks would come too late.
        const joins = replay.isRunning && running !== undefined && Object.keys(scope).length === 0;
        if (joins && running !== undefined && running.length < operationsAtOnce * 2) {
          running.push(submitted);
          return;
        }
        waiting.push(submitted);
        if (running !== undefined || waiting.length > 1) return;
        setImmediate(() => void work());
      });
    },
    atCommit(commit) {
      commitWork.push(commit);
    },
    async close() {
      closed = true;
      if (waiting.length > 0 || running !== undefined)
        await new Promise<void>((resolve) => (drained = resolve));
    },
  };
}

function commitFailed(where: string, cause: unknown): SystemError {
  return new SystemError("store-failed", `The database ${where} did not take the write`, { cause });
}
