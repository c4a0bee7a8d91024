import type { DatabaseSync } from "node:sqlite";
import { SystemError } from "../../errors.ts";
import type { CommitFacts } from "../port.ts";
import type { CommitWork, Operation, Writer } from "../sql/session.ts";
import { toStoreError } from "./failure.ts";

interface SqliteWriter extends Writer {
  /** Commits what was submitted; later submits are rejected. */
  close(): Promise<void>;
}

interface Submitted {
  readonly operation: Operation<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** How an operation of the running transaction ended, to be told once the transaction is durable. */
type Outcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: unknown };

/**
 * The only way to write. All operations of one turn of the event loop share one transaction and so one
 * fsync, which is most of what a commit with synchronous FULL costs: 1, 15 and 35 times the rate of one
 * transaction a write with 1, 16 and 64 clients (test/bench/group-commit.ts). Each runs under its own
 * SAVEPOINT, so a refused one leaves its neighbours alone, and no answer, not even a refusal, goes out
 * before COMMIT, because a refusal may rest on a neighbour's write.
 */
export function createWriter(
  database: DatabaseSync,
  databasePath: string,
  onCommit: (facts: CommitFacts) => void = () => {},
): SqliteWriter {
  const statements = {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    savepoint: database.prepare("SAVEPOINT operation"),
    release: database.prepare("RELEASE operation"),
    undo: database.prepare("ROLLBACK TO operation"),
  };
  let waiting: Submitted[] = [];
  let commitWork: CommitWork[] = [];
  let closed = false;
  let drained: (() => void) | undefined;

  function runOne(operation: Operation<unknown>): Outcome {
    statements.savepoint.run();
    try {
      const result = operation();
      statements.release.run();
      return { ok: true, result };
    } catch (error) {
      // A full disk or an I/O error may have ended the whole transaction: then there is nothing to go back to.
      if (!database.isTransaction) throw error;
      statements.undo.run();
      statements.release.run();
      return { ok: false, error: toStoreError(error, databasePath) };
    }
  }

  /** The batch may grow while it runs: what an operation's listeners submit joins the same transaction. */
  function runTogether(batch: readonly Submitted[]): Outcome[] {
    statements.begin.run();
    try {
      const outcomes: Outcome[] = [];
      for (const submitted of batch) outcomes.push(runOne(submitted.operation));
      for (const { write } of commitWork) write();
      statements.commit.run();
      return outcomes;
    } catch (error) {
      if (database.isTransaction) statements.rollback.run();
      for (const { undone } of commitWork) undone();
      throw error;
    } finally {
      commitWork = [];
    }
  }

  function flush(): void {
    const batch = waiting;
    const startedMs = performance.now();
    const tell = (committed: boolean) =>
      onCommit({ lane: "all", operations: batch.length, tookMs: performance.now() - startedMs, committed });
    try {
      const outcomes = runTogether(batch);
      tell(true);
      for (const [index, submitted] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome?.ok) submitted.resolve(outcome.result);
        else submitted.reject(outcome?.error);
      }
    } catch (cause) {
      tell(false);
      const named = toStoreError(cause, databasePath);
      const error = named instanceof SystemError ? named : commitFailed(databasePath, cause);
      for (const submitted of batch) submitted.reject(error);
    }
    waiting = [];
    drained?.();
  }

  return {
    // A visiting command writes too, but neither jobs nor tasks.
    isOnlyOne: true,
    submit<Result>(operation: Operation<Result>): Promise<Result> {
      if (closed) return Promise.reject(storeClosed());
      return new Promise<Result>((resolve, reject) => {
        waiting.push({ operation, resolve: (result) => resolve(result as Result), reject });
        if (waiting.length === 1) setImmediate(flush);
      });
    },
    atCommit(work) {
      commitWork.push(work);
    },
    async close() {
      closed = true;
      if (waiting.length > 0) await new Promise<void>((resolve) => (drained = resolve));
    },
  };
}

function commitFailed(databasePath: string, cause: unknown): SystemError {
  return new SystemError("store-failed", `The database ${databasePath} did not take the write`, { cause });
}

export function storeClosed(): SystemError {
  return new SystemError("store-failed", "The store is closed");
}
