import type { ReleaseId } from "../../engine/id.ts";
import type { Slug } from "../../engine/slug.ts";
import type { HistoryEntry, HistoryEvent, HistoryQuery } from "../port.ts";
import { type Database, prepare } from "./statement.ts";

/** Names, not references: an entry outlives what it speaks of. The triggers make it append-only for us too. */
export const createHistoryTable = `
  CREATE TABLE history (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms          INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('publish', 'unpublish', 'deploy', 'undeploy')),
    workflow_slug  TEXT NOT NULL,
    cluster_slug   TEXT CHECK ((cluster_slug IS NULL) = (kind IN ('publish', 'unpublish'))),
    release_before TEXT CHECK ((release_before IS NULL) <= (kind IN ('publish', 'deploy'))),
    release_after  TEXT CHECK ((release_after IS NULL) = (kind IN ('unpublish', 'undeploy'))),
    fingerprint    TEXT CHECK ((fingerprint IS NULL) = (kind IN ('deploy', 'undeploy'))),
    digest         TEXT CHECK ((digest IS NULL) = (kind IN ('deploy', 'undeploy')))
  ) STRICT;
  CREATE INDEX history_by_workflow ON history (workflow_slug, sequence);
  CREATE INDEX history_by_workflow_and_cluster ON history (workflow_slug, cluster_slug, sequence);
  CREATE INDEX history_by_cluster ON history (cluster_slug, sequence);
  CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history
    BEGIN SELECT raise(ABORT, 'history is append-only'); END;
  CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history
    BEGIN SELECT raise(ABORT, 'history is append-only'); END;
`;

interface HistoryRow {
  readonly sequence: number;
  readonly at_ms: number;
  readonly actor: string;
  readonly kind: HistoryEvent["kind"];
  readonly workflow_slug: Slug;
  readonly cluster_slug: Slug | null;
  readonly release_before: ReleaseId | null;
  readonly release_after: ReleaseId | null;
  readonly fingerprint: string | null;
  readonly digest: string | null;
}

export function prepareHistoryStatements(database: Database) {
  return {
    append: prepare<
      [
        atMs: number,
        actor: string,
        kind: HistoryEvent["kind"],
        workflow: Slug,
        cluster: Slug | null,
        releaseBefore: ReleaseId | null,
        releaseAfter: ReleaseId | null,
        fingerprint: string | null,
        digest: string | null,
      ]
    >(
      database,
      `INSERT INTO history (at_ms, actor, kind, workflow_slug, cluster_slug, release_before, release_after,
         fingerprint, digest)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    newest: prepare<[before: number, limit: number], HistoryRow>(
      database,
      "SELECT * FROM history WHERE sequence < ? ORDER BY sequence DESC LIMIT ?",
    ),
    newestOfWorkflow: prepare<[workflow: Slug, before: number, limit: number], HistoryRow>(
      database,
      "SELECT * FROM history WHERE workflow_slug = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?",
    ),
    newestOfCluster: prepare<[cluster: Slug, before: number, limit: number], HistoryRow>(
      database,
      "SELECT * FROM history WHERE cluster_slug = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?",
    ),
    newestOfBoth: prepare<[workflow: Slug, cluster: Slug, before: number, limit: number], HistoryRow>(
      database,
      `SELECT * FROM history WHERE workflow_slug = ? AND cluster_slug = ? AND sequence < ?
       ORDER BY sequence DESC LIMIT ?`,
    ),
  };
}

type HistoryStatements = ReturnType<typeof prepareHistoryStatements>;

/** Writes one line; call it in the transaction of the change it tells of. */
export function appendHistory(
  statements: HistoryStatements,
  entry: { readonly atMs: number; readonly actor: string; readonly workflow: Slug } & HistoryEvent,
): void {
  const { atMs, actor, kind, workflow } = entry;
  switch (entry.kind) {
    case "publish":
    case "unpublish": {
      const [before, after] = entry.kind === "publish" ? [null, entry.release] : [entry.release, null];
      statements.append.run(
        atMs,
        actor,
        kind,
        workflow,
        null,
        before,
        after,
        entry.fingerprint,
        entry.digest,
      );
      return;
    }
    case "deploy":
    case "undeploy": {
      const [before, after] = [entry.before ?? null, entry.after ?? null];
      statements.append.run(atMs, actor, kind, workflow, entry.cluster, before, after, null, null);
    }
  }
}

export function readHistory(statements: HistoryStatements, query: HistoryQuery): HistoryEntry[] {
  const { workflow, cluster, before = Number.MAX_SAFE_INTEGER, limit } = query;
  let rows: HistoryRow[];
  if (workflow !== undefined && cluster !== undefined) {
    rows = statements.newestOfBoth.all(workflow, cluster, before, limit);
  } else if (workflow !== undefined) rows = statements.newestOfWorkflow.all(workflow, before, limit);
  else if (cluster !== undefined) rows = statements.newestOfCluster.all(cluster, before, limit);
  else rows = statements.newest.all(before, limit);
  return rows.map(toHistoryEntry);
}

function toHistoryEntry(row: HistoryRow): HistoryEntry {
  const entry = { sequence: row.sequence, atMs: row.at_ms, actor: row.actor, workflow: row.workflow_slug };
  switch (row.kind) {
    case "publish":
    case "unpublish":
      return {
        ...entry,
        kind: row.kind,
        release: stored(row.release_after ?? row.release_before),
        fingerprint: stored(row.fingerprint),
        digest: stored(row.digest),
      };
    case "deploy":
    case "undeploy":
      return {
        ...entry,
        kind: row.kind,
        cluster: stored(row.cluster_slug),
        before: row.release_before ?? undefined,
        after: row.release_after ?? undefined,
      };
  }
}

/** The table's checks say which columns a kind has. */
function stored<Value>(value: Value | null): Value {
  if (value === null) throw new Error("a history row lacks a column of its kind");
  return value;
}
