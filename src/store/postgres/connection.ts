import type { PoolClient, PoolConfig, QueryConfig, QueryResult } from "pg";
import pg from "pg";
import { UserError } from "../../errors.ts";
import { HeldWrites } from "./held-writes.ts";
import type { Answer, Executor, Parameter } from "./replay.ts";
import { requireChosenTransport, requireOneHost } from "./server-url.ts";
import { Sockets } from "./sockets.ts";
import type { PreparedSql } from "./statement-text.ts";

/**
 * Connections of one control plane, in two pools, so that reads that wait keep no writer waiting: one for
 * each of the four lanes, and some for reads. One more listens for notices. PostgreSQL allows 100 by
 * default, so that some control planes fit without a change to it.
 */
export const connections = { writers: 4, readers: 7 } as const;
const connectTimeoutMs = 5_000;
/** For a server that is gone without a word: longer than any statement may take there. */
const answerTimeoutMs = 40_000;
/** How long a connection is silent before the system asks whether the other end is still there. */
const keepAliveMs = 10_000;

/**
 * Settings of every connection. The timeouts bound what one control plane that hangs, or one query that
 * went wrong, can do to the others: a lock is waited for a little longer than a transaction may stand still.
 * Every statement has an index made for it, so plans are made once and never by what a table's size was when
 * it was empty; compiling them would take longer than running them.
 */
const settings = [
  "SET statement_timeout = '30s'",
  "SET lock_timeout = '10s'",
  "SET idle_in_transaction_session_timeout = '8s'",
  "SET plan_cache_mode = force_generic_plan",
  "SET enable_seqscan = off",
  "SET enable_bitmapscan = off",
  "SET jit = off",
  "SET synchronous_commit = on",
  "SET client_min_messages = warning",
].join("; ");

/** Object identifiers of pg_type. */
const [bool, bytea, int8, numeric] = [16, 17, 20, 1700];

/** The forms that SQLite answers in. Whole numbers here stay below 2^53; sums come as numeric. */
function typeParser(oid: number): (text: string) => unknown {
  switch (oid) {
    case bool:
      return (text) => (text === "t" ? 1 : 0);
    case bytea:
      return (text) => new Uint8Array(Buffer.from(text.slice(2), "hex"));
    case int8:
    case numeric:
      return Number;
    default:
      return pg.types.getTypeParser(oid, "text");
  }
}

/** How every connection is made. Throws input-invalid. */
export function connectionOptions(url: string): PoolConfig {
  requireOneHost(url);
  const options = driverOptions(url);
  requireChosenTransport(url, new pg.Client(options));
  return options;
}

function driverOptions(url: string): PoolConfig {
  return {
    connectionString: url,
    application_name: "workflow-release",
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  };
}

interface PoolOptions {
  /** For one answer. */
  readonly limitMs?: number;
  readonly sockets?: Sockets;
}

export function createPool(
  url: string,
  max: number,
  onIdleError: (error: Error) => void,
  { limitMs = answerTimeoutMs, sockets = new Sockets() }: PoolOptions = {},
): pg.Pool {
  const pool = new pg.Pool({
    ...connectionOptions(url),
    stream: sockets.create,
    max,
    query_timeout: limitMs,
    // Statements are sent one behind the other without waiting in between.
    pipeline: true,
    onConnect: async (client) => {
      // While somebody uses it, what is under way is told; without a listener it would end the process.
      client.on("error", () => {});
      await client.query(settings);
    },
  });
  // A connection that breaks while nobody uses it; the pool makes another one.
  pool.on("error", onIdleError);
  return pool;
}

/** A text of PostgreSQL cannot hold the character 0, which a name on the wire can. */
export function toParameter(value: Parameter): unknown {
  if (Array.isArray(value)) return value.map(toParameter);
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;
}

/** Runs statements on one connection and holds on to the first failure of what was sent without waiting. */
export class ClientExecutor implements Executor {
  readonly #client: PoolClient;
  readonly #held = new HeldWrites();
  #failure: unknown;

  constructor(client: PoolClient) {
    this.#client = client;
  }

  async #run(query: QueryConfig): Promise<QueryResult> {
    try {
      const result = await this.#client.query(query);
      if (this.#failure === undefined) return result;
    } catch (error) {
      this.#failure ??= error;
    }
    // After a statement that failed, the others only say that the transaction is aborted.
    throw this.#failure;
  }

  #runPrepared({ text, name }: PreparedSql, values: readonly Parameter[]): Promise<QueryResult> {
    const named = name === undefined ? {} : { name };
    return this.#run({ text, ...named, values: values.map(toParameter) });
  }

  #sendHeld(): void {
    for (const { statement, values } of this.#held.take())
      this.#runPrepared(statement, values).catch(() => {});
  }

  async query(statement: PreparedSql, values: readonly Parameter[]): Promise<Answer> {
    this.#sendHeld();
    const { rows, rowCount } = await this.#runPrepared(statement, values);
    return { rows, changes: rowCount ?? 0 };
  }

  send(statement: PreparedSql, values: readonly Parameter[]): void {
    if (this.#held.hold(statement, values)) return;
    this.#sendHeld();
    if (this.#held.hold(statement, values)) return;
    this.#runPrepared(statement, values).catch(() => {});
  }

  /** BEGIN and the like: sent without waiting. */
  command(text: string): void {
    this.#run({ text }).catch(() => {});
  }

  /** Throws when the transaction was not committed; COMMIT itself answers ROLLBACK where something had failed. */
  async commit(): Promise<void> {
    this.#sendHeld();
    const { command } = await this.#run({ text: "COMMIT" });
    if (command !== "COMMIT") throw new Error("the transaction was rolled back");
  }
}

/**
 * Ends the use of a connection that something went wrong on. One that only refused something stays; what
 * else has happened to it, and whether a new one would reach the same server, nobody knows.
 */
export function giveBack(client: PoolClient, error: unknown): void {
  client.release(error instanceof UserError ? undefined : asError(error));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
