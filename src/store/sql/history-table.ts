import type { ReleaseId } from "../../engine/id.ts";
import type { Provenance } from "../../engine/provenance.ts";
import type { Slug } from "../../engine/slug.ts";
import type { GateOutcome, HistoryEntry, HistoryEntryFacts, HistoryEvent, HistoryQuery } from "../port.ts";
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

/**
 * The same table with what a change says of its run, and with the results of gates. SQLite cannot change a
 * CHECK, so the table is made anew; its sequence goes on.
 */
export const recordRunsAndGates = `
  CREATE TABLE history_with_runs (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms          INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('publish', 'unpublish', 'deploy', 'undeploy', 'gate')),
    workflow_slug  TEXT NOT NULL,
    cluster_slug   TEXT CHECK ((cluster_slug IS NULL) = (kind IN ('publish', 'unpublish'))),
    release_before TEXT CHECK ((release_before IS NULL) <= (kind IN ('publish', 'deploy', 'gate'))),
    release_after  TEXT CHECK ((release_after IS NULL) = (kind IN ('unpublish', 'undeploy'))),
    fingerprint    TEXT CHECK ((fingerprint IS NULL) = (kind IN ('deploy', 'undeploy', 'gate'))),
    digest         TEXT CHECK ((digest IS NULL) = (kind IN ('deploy', 'undeploy', 'gate'))),
    provenance     TEXT,
    gate           TEXT CHECK ((gate IS NULL) = (kind <> 'gate'))
  ) STRICT;
  INSERT INTO history_with_runs
    SELECT sequence, at_ms, actor, kind, workflow_slug, cluster_slug, release_before, release_after, fingerprint,
      digest, NULL, NULL
    FROM history;
  DROP TABLE history;
  ALTER TABLE history_with_runs RENAME TO history;
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
  /** JSON of a Provenance. */
  readonly provenance: string | null;
  /** JSON of a GateOutcome. */
  readonly gate: string | null;
}

const filters = {
  workflow: "workflow_slug = ?",
  cluster: "cluster_slug = ?",
  // Not indexed: a release is of one workflow, whose entries are.
  release: "? IN (release_before, release_after)",
} as const;
type Filter = keyof typeof filters;
const filterNames = Object.keys(filters) as readonly Filter[];
const filterSets: readonly (readonly Filter[])[] = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
  filterNames.filter((_, index) => (bits & (1 << index)) !== 0),
);

export function prepareHistoryStatements(database: Database) {
  const newest = (set: readonly Filter[]) =>
    prepare<readonly (string | number)[], HistoryRow>(
      database,
      `SELECT * FROM history WHERE ${[...set.map((name) => `${filters[name]} AND `)].join("")}sequence < ?
       ORDER BY sequence DESC LIMIT ?`,
    );
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
        provenance: string | null,
        gate: string | null,
      ]
    >(
      database,
      `INSERT INTO history (at_ms, actor, kind, workflow_slug, cluster_slug, release_before, release_after,
         fingerprint, digest, provenance, gate)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    newest: new Map(filterSets.map((set) => [set.join(), newest(set)])),
    deployOf: prepare<[workflow: Slug, cluster: Slug, release: ReleaseId], { readonly sequence: number }>(
      database,
      `SELECT sequence FROM history
       WHERE workflow_slug = ? AND cluster_slug = ? AND release_after = ? AND kind = 'deploy' LIMIT 1`,
    ),
    lastDeploy: prepare<[workflow: Slug, cluster: Slug], Pick<HistoryRow, "provenance">>(
      database,
      `SELECT provenance FROM history
       WHERE workflow_slug = ? AND cluster_slug = ? AND kind = 'deploy' ORDER BY sequence DESC LIMIT 1`,
    ),
  };
}

type HistoryStatements = ReturnType<typeof prepareHistoryStatements>;

type NewEntry = Omit<HistoryEntryFacts, "sequence"> & HistoryEvent;

/** Writes one line; call it in the transaction of the change it tells of. */
export function appendHistory(statements: HistoryStatements, entry: NewEntry): void {
  const { atMs, actor, kind, workflow } = entry;
  const provenance = entry.provenance === undefined ? null : JSON.stringify(entry.provenance);
  const { cluster, before, after, fingerprint, digest, gate } = columnsOf(entry);
  statements.append.run(
    atMs,
    actor,
    kind,
    workflow,
    cluster ?? null,
    before ?? null,
    after ?? null,
    fingerprint ?? null,
    digest ?? null,
    provenance,
    gate === undefined ? null : JSON.stringify(gate),
  );
}

/** The commit that the cluster's last deployment says it is of. */
export function lastDeployedCommit(
  statements: HistoryStatements,
  workflow: Slug,
  cluster: Slug,
): string | undefined {
  const text = statements.lastDeploy.get(workflow, cluster)?.provenance ?? null;
  return text === null ? undefined : (JSON.parse(text) as Provenance).commit;
}

interface EventColumns {
  readonly cluster?: Slug;
  readonly before?: ReleaseId | undefined;
  readonly after?: ReleaseId | undefined;
  readonly fingerprint?: string;
  readonly digest?: string;
  readonly gate?: GateOutcome;
}

function columnsOf(event: HistoryEvent): EventColumns {
  switch (event.kind) {
    case "publish":
      return { after: event.release, fingerprint: event.fingerprint, digest: event.digest };
    case "unpublish":
      return { before: event.release, fingerprint: event.fingerprint, digest: event.digest };
    case "deploy":
    case "undeploy":
      return { cluster: event.cluster, before: event.before, after: event.after };
    case "gate":
      return { cluster: event.cluster, after: event.release, gate: event.gate };
  }
}

export function readHistory(statements: HistoryStatements, query: HistoryQuery): HistoryEntry[] {
  const { before = Number.MAX_SAFE_INTEGER, limit } = query;
  const set = filterNames.filter((name) => query[name] !== undefined);
  const values = set.flatMap((name) => query[name] ?? []);
  return (statements.newest.get(set.join())?.all(...values, before, limit) ?? []).map(toHistoryEntry);
}

function toHistoryEntry(row: HistoryRow): HistoryEntry {
  const entry = {
    sequence: row.sequence,
    atMs: row.at_ms,
    actor: row.actor,
    workflow: row.workflow_slug,
    provenance: row.provenance === null ? undefined : (JSON.parse(row.provenance) as Provenance),
  };
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
    case "gate":
      return {
        ...entry,
        kind: row.kind,
        cluster: stored(row.cluster_slug),
        release: stored(row.release_after),
        gate: JSON.parse(stored(row.gate)) as GateOutcome,
      };
  }
}

/** The table's checks say which columns a kind has. */
function stored<Value>(value: Value | null): Value {
  if (value === null) throw new Error("a history row lacks a column of its kind");
  return value;
}
