import type { Pool, PoolClient } from "pg";
import { ClientExecutor, giveBack } from "./connection.ts";
import type { Answer, Executor, Parameter, Replay } from "./replay.ts";
import type { PreparedSql } from "./statement-text.ts";

export type Read = <Result>(query: () => Result) => Promise<Result>;

/** A read turned out to have more than one statement. */
class NeedsSnapshot extends Error {}

class OneStatement implements Executor {
  readonly #executor: Executor;
  #asked = false;

  constructor(client: PoolClient) {
    this.#executor = new ClientExecutor(client);
  }

  async query(statement: PreparedSql, values: readonly Parameter[]): Promise<Answer> {
    if (this.#asked) throw new NeedsSnapshot();
    this.#asked = true;
    return await this.#executor.query(statement, values);
  }

  send(statement: PreparedSql): void {
    throw new Error(`a read would change something: ${statement.text}`);
  }
}

/**
 * Runs reads. Most have one statement, which sees one state of the database by itself; one with more begins
 * anew in a transaction that shows all of them the same state.
 */
export function createReader(pool: Pool, replay: Replay): Read {
  async function attempt<Result>(query: () => Result, client: PoolClient): Promise<Result> {
    const alone = await replay.run(query, new OneStatement(client)).catch((error: unknown) => {
      if (error instanceof NeedsSnapshot) return undefined;
      throw error;
    });
    const outcome = alone ?? (await inSnapshot(query, client));
    if (!outcome.ok) throw outcome.error;
    return outcome.result;
  }

  async function inSnapshot<Result>(query: () => Result, client: PoolClient) {
    const executor = new ClientExecutor(client);
    executor.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const outcome = await replay.run(query, executor);
    await executor.commit();
    return outcome;
  }

  return async (query) => {
    const client = await pool.connect();
    try {
      const result = await attempt(query, client);
      client.release();
      return result;
    } catch (error) {
      giveBack(client, error);
      throw error;
    }
  };
}
