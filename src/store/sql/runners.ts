import type { Slug } from "../../engine/slug.ts";
import { SystemError, UserError } from "../../errors.ts";
import type { KnownRunnerRecord, RunnerStore } from "../runner-port.ts";
import type { Session } from "./session.ts";
import { type Database, prepare, returned } from "./statement.ts";

export const createRunnerTable = `
  CREATE TABLE runners (
    id                TEXT PRIMARY KEY,
    cluster           TEXT NOT NULL, -- slug
    api_key           TEXT NOT NULL, -- name
    worker_key_sha256 TEXT NOT NULL,
    facts             TEXT NOT NULL,
    first_seen_at_ms  INTEGER NOT NULL,
    last_seen_at_ms   INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX runners_by_cluster ON runners (cluster, last_seen_at_ms);
  CREATE INDEX runners_by_worker_key ON runners (worker_key_sha256);
  CREATE INDEX runners_by_last_seen ON runners (last_seen_at_ms);
`;

interface RunnerRow {
  readonly id: string;
  readonly cluster: Slug;
  readonly api_key: string;
  readonly facts: string;
  readonly first_seen_at_ms: number;
  readonly last_seen_at_ms: number;
}

function prepareRunnerStatements(database: Database) {
  const columns = "id, cluster, api_key, facts, first_seen_at_ms, last_seen_at_ms";
  return {
    keyOf: prepare<[id: string, seenSinceMs: number], { readonly api_key: string }>(
      database,
      "SELECT api_key FROM runners WHERE id = ? AND last_seen_at_ms >= ?",
    ),
    count: prepare<[apiKey: string, seenSinceMs: number], { readonly all: number; readonly ofKey: number }>(
      database,
      `SELECT count(*) AS "all", count(*) FILTER (WHERE api_key = ?) AS "ofKey"
       FROM runners WHERE last_seen_at_ms >= ?`,
    ),
    put: prepare<
      [
        id: string,
        cluster: Slug,
        apiKey: string,
        workerKeySha256: string,
        facts: string,
        firstSeenAtMs: number,
        lastSeenAtMs: number,
      ]
    >(
      database,
      `INSERT INTO runners (id, cluster, api_key, worker_key_sha256, facts, first_seen_at_ms, last_seen_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET cluster = excluded.cluster, api_key = excluded.api_key,
         worker_key_sha256 = excluded.worker_key_sha256, facts = excluded.facts,
         last_seen_at_ms = excluded.last_seen_at_ms`,
    ),
    remove: prepare<[id: string, apiKey: string]>(
      database,
      "DELETE FROM runners WHERE id = ? AND api_key = ?",
    ),
    removeSeenBefore: prepare<[seenSinceMs: number]>(
      database,
      "DELETE FROM runners WHERE last_seen_at_ms < ?",
    ),
    all: prepare<[seenSinceMs: number], RunnerRow>(
      database,
      `SELECT ${columns} FROM runners WHERE last_seen_at_ms >= ?`,
    ),
    ofCluster: prepare<[cluster: string, seenSinceMs: number], RunnerRow>(
      database,
      `SELECT ${columns} FROM runners WHERE cluster = ? AND last_seen_at_ms >= ?`,
    ),
    byWorkerKey: prepare<[sha256: string, seenSinceMs: number], { readonly api_key: string }>(
      database,
      "SELECT api_key FROM runners WHERE worker_key_sha256 = ? AND last_seen_at_ms >= ? LIMIT 1",
    ),
  };
}

/** Far more than one store serves; what a key of a runner can make it hold is bounded by the second one. */
const maxRunners = 10_000;
const maxRunnersOfKey = 1_000;

export function createRunnerStore({
  database,
  writer,
  read,
  clock,
}: Session): Omit<RunnerStore, "noteOffers" | "listOffers"> {
  const statements = prepareRunnerStatements(database);
  return {
    reportRunner: ({ id, cluster, apiKey, workerKeySha256, facts }, expiryMs) =>
      writer.submit(() => {
        const nowMs = clock();
        const seenSinceMs = nowMs - expiryMs;
        const known = statements.keyOf.get(id, seenSinceMs);
        if (known === undefined) requireRoom(returned(statements.count.get(apiKey, seenSinceMs)));
        else if (known.api_key !== apiKey) {
          throw new UserError("permission-denied", `The runner ${id} reports with another API key`);
        }
        statements.removeSeenBefore.run(seenSinceMs);
        statements.put.run(id, cluster, apiKey, workerKeySha256, facts, nowMs, nowMs);
      }),
    removeRunner: ({ id, apiKey }) => writer.submit(() => statements.remove.run(id, apiKey)),
    listRunners: ({ cluster, expiryMs }) =>
      read(() => {
        const seenSinceMs = clock() - expiryMs;
        const rows =
          cluster === undefined
            ? statements.all.all(seenSinceMs)
            : statements.ofCluster.all(cluster, seenSinceMs);
        return rows.map(toRecord).toSorted(byAcquaintance);
      }),
    findRunnerKey: (workerKeySha256, expiryMs) =>
      read(() => statements.byWorkerKey.get(workerKeySha256, clock() - expiryMs)?.api_key),
  };
}

/** Throws api-limit. */
function requireRoom({ all, ofKey }: { readonly all: number; readonly ofKey: number }): void {
  if (all >= maxRunners) {
    throw new SystemError("api-limit", `${maxRunners} runners report here, which is the limit`);
  }
  if (ofKey >= maxRunnersOfKey) {
    throw new SystemError("api-limit", `${maxRunnersOfKey} runners report with this key, which is the limit`);
  }
}

function byAcquaintance(a: KnownRunnerRecord, b: KnownRunnerRecord): number {
  return a.firstSeenAtMs - b.firstSeenAtMs || (a.id < b.id ? -1 : 1);
}

function toRecord(row: RunnerRow): KnownRunnerRecord {
  return {
    id: row.id,
    cluster: row.cluster,
    apiKey: row.api_key,
    facts: row.facts,
    firstSeenAtMs: row.first_seen_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
  };
}
