import { type Database, prepare, type SqlValue } from "./statement.ts";

/**
 * Records keep their encoded form, so that nothing a later SDK adds is lost; what they are found by stands
 * beside it. A process describes itself with every batch, which is kept once, as a source.
 */
export const createTelemetryTables = `
  CREATE TABLE telemetry_sources (
    sequence        INTEGER PRIMARY KEY,
    sha256          BLOB NOT NULL UNIQUE,
    resource        BLOB NOT NULL,
    scope           BLOB NOT NULL,
    last_used_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX telemetry_sources_by_use ON telemetry_sources (last_used_at_ms);
  CREATE TABLE telemetry_records (
    sequence       INTEGER PRIMARY KEY, -- ascends with the time of arrival
    kind           INTEGER NOT NULL CHECK (kind IN (1, 2)),
    job            INTEGER,             -- jobs.sequence
    task           INTEGER,             -- tasks.sequence
    at_us          INTEGER NOT NULL,
    severity       INTEGER NOT NULL,    -- the wire's group; 0 for none
    received_at_ms INTEGER NOT NULL,
    size_bytes     INTEGER NOT NULL,
    source         INTEGER NOT NULL,
    record         BLOB NOT NULL
  ) STRICT;
  CREATE INDEX telemetry_of_job ON telemetry_records (job, kind, at_us);
  CREATE INDEX telemetry_by_time ON telemetry_records (kind, at_us);
  CREATE TABLE telemetry_usage (
    job        INTEGER NOT NULL, -- 0 for everything together
    kind       INTEGER NOT NULL, -- 0 for both
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (job, kind)
  ) STRICT, WITHOUT ROWID;
`;

export interface RecordRow {
  readonly sequence: number;
  readonly at_us: number;
  readonly record: Uint8Array;
  readonly resource: Uint8Array;
  readonly scope: Uint8Array;
}

export interface SizedRow {
  readonly sequence: number;
  readonly kind: number;
  readonly job: number | null;
  readonly size_bytes: number;
}

export function prepareTelemetryStatements(database: Database) {
  return {
    findSource: prepare<
      [sha256: Uint8Array],
      { readonly sequence: number; readonly last_used_at_ms: number }
    >(database, "SELECT sequence, last_used_at_ms FROM telemetry_sources WHERE sha256 = ?"),
    insertSource: prepare<
      [sha256: Uint8Array, resource: Uint8Array, scope: Uint8Array, lastUsedAtMs: number],
      { readonly sequence: number }
    >(
      database,
      `INSERT INTO telemetry_sources (sha256, resource, scope, last_used_at_ms) VALUES (?, ?, ?, ?)
       RETURNING sequence`,
    ),
    useSource: prepare<[lastUsedAtMs: number, sequence: number]>(
      database,
      "UPDATE telemetry_sources SET last_used_at_ms = ? WHERE sequence = ?",
    ),
    removeSources: prepare<[lastUsedBeforeMs: number]>(
      database,
      "DELETE FROM telemetry_sources WHERE last_used_at_ms < ?",
    ),
    insert: prepare<
      [
        kind: number,
        job: number | null,
        task: number | null,
        atUs: number,
        severity: number,
        receivedAtMs: number,
        sizeBytes: number,
        source: number,
        record: Uint8Array,
      ]
    >(
      database,
      `INSERT INTO telemetry_records (kind, job, task, at_us, severity, received_at_ms, size_bytes, source,
         record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    oldest: prepare<[limit: number], SizedRow & { readonly received_at_ms: number }>(
      database,
      `SELECT sequence, kind, job, size_bytes, received_at_ms FROM telemetry_records
       WHERE sequence > 0 ORDER BY sequence LIMIT ?`,
    ),
    oldestOfJob: prepare<[job: number, kind: number, limit: number], SizedRow>(
      database,
      `SELECT sequence, kind, job, size_bytes FROM telemetry_records WHERE job = ? AND kind = ?
       ORDER BY at_us LIMIT ?`,
    ),
    remove: prepare<[sequence: number]>(database, "DELETE FROM telemetry_records WHERE sequence = ?"),
    addUsage: prepare<[job: number, kind: number, sizeBytes: number], { readonly size_bytes: number }>(
      database,
      `INSERT INTO telemetry_usage (job, kind, size_bytes) VALUES (?, ?, ?)
       ON CONFLICT (job, kind) DO UPDATE SET size_bytes = telemetry_usage.size_bytes + excluded.size_bytes
       RETURNING size_bytes`,
    ),
    jobOfTrace: prepare<[traceId: string], { readonly sequence: number }>(
      database,
      "SELECT sequence FROM jobs WHERE trace_id = ? ORDER BY sequence DESC LIMIT 1",
    ),
    countOfSeverity: prepare<
      [kind: number, fromUs: number, beforeUs: number, severity: number],
      { readonly count: number }
    >(
      database,
      `SELECT count(*) AS count FROM telemetry_records
       WHERE kind = ? AND at_us >= ? AND at_us < ? AND severity = ?`,
    ),
  };
}

/** Records in order of time, with their sources. Both orders end with the sequence, which index and rowid give. */
export function selectRecords(
  where: readonly { readonly sql: string; readonly values: readonly SqlValue[] }[],
  direction: "ascending" | "descending",
): { readonly sql: string; readonly values: SqlValue[] } {
  const order = direction === "ascending" ? "ASC" : "DESC";
  return {
    sql: `SELECT records.sequence, records.at_us, records.record, sources.resource, sources.scope
          FROM telemetry_records AS records
            CROSS JOIN telemetry_sources AS sources ON sources.sequence = records.source
          WHERE ${where.map((condition) => condition.sql).join(" AND ")}
          ORDER BY records.at_us ${order}, records.sequence ${order} LIMIT ?`,
    values: where.flatMap((condition) => condition.values),
  };
}
