import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SystemError, UserError } from "../../errors.ts";
import { type AppliedMigration, requireKnown } from "../sql/migration.ts";
import { migrations } from "../sql/schema.ts";
import { databaseFile } from "./database.ts";
import { toStoreError } from "./failure.ts";
import { readApplied } from "./migrate.ts";

/** A copy of a database that nothing else has open. */
export interface Snapshot extends Disposable {
  /** The steps of the schema that it has, oldest first. */
  readonly schema: readonly AppliedMigration[];
  /** Rows by table. */
  countRows(): Record<string, number>;
  artifacts(): readonly SnapshotArtifact[];
  /** Forgets uploads whose bytes are gone. */
  forgetArtifacts(archiveSha256s: readonly string[]): void;
  /** Throws store-failed where pages or what refers to what is damaged. */
  check(): void;
}

export interface SnapshotArtifact {
  readonly digest: string;
  readonly archiveSha256: string;
  readonly archiveSizeBytes: number;
  /** Whether a release names it. */
  readonly released: boolean;
}

/**
 * Writes what the folder's database holds at this moment into a new file, also while a control plane writes:
 * it sees everything that was acknowledged before, and writers wait for nothing.
 *
 * VACUUM INTO reads one state of the database from beginning to end. It took 1.3 times as long as SQLite's
 * page by page backup, leaves a file a tenth smaller, without pages that were freed, and needs no -wal
 * beside it. Copied in several steps, the latter begins anew after each write of another process.
 * Throws data-not-found, store-newer, store-failed.
 */
export function takeSnapshot(dataFolder: string, target: string): void {
  const path = join(dataFolder, databaseFile);
  if (!existsSync(path)) {
    throw new UserError("data-not-found", `The folder ${dataFolder} holds no data of a control plane`);
  }
  try {
    using source = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    requireKnown(readApplied(source), migrations);
    source.prepare("VACUUM INTO ?").run(target);
  } catch (error) {
    throw toStoreError(error, path);
  }
}

/** Throws store-newer for what a newer version wrote, store-failed for what is no database of ours. */
export function openSnapshot(path: string): Snapshot {
  const attempt = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw toStoreError(error, path);
    }
  };
  const database = attempt(() => new DatabaseSync(path, { enableForeignKeyConstraints: true }));
  try {
    const schema = attempt(() => readApplied(database));
    requireKnown(schema, migrations);
    return {
      schema,
      countRows: () => attempt(() => countRows(database)),
      artifacts: () => attempt(() => readArtifacts(database)),
      forgetArtifacts: (archives) => attempt(() => forgetArtifacts(database, archives)),
      check: () => attempt(() => check(database, path)),
      [Symbol.dispose]: () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function countRows(database: DatabaseSync): Record<string, number> {
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .all();
  const counts = tables.map(({ name }) => {
    const row = database.prepare(`SELECT count(*) AS rows FROM "${name}"`).get();
    return [String(name), Number(row?.rows)] as const;
  });
  return Object.fromEntries(counts);
}

function readArtifacts(database: DatabaseSync): SnapshotArtifact[] {
  const rows = database
    .prepare(
      `SELECT digest, archive_sha256, archive_size_bytes,
         EXISTS (SELECT 1 FROM releases WHERE releases.artifact_id = artifacts.id) AS released
       FROM artifacts ORDER BY archive_sha256`,
    )
    .all();
  return rows.map((row) => ({
    digest: String(row.digest),
    archiveSha256: String(row.archive_sha256),
    archiveSizeBytes: Number(row.archive_size_bytes),
    released: row.released === 1,
  }));
}

function forgetArtifacts(database: DatabaseSync, archiveSha256s: readonly string[]): void {
  const statement = database.prepare("DELETE FROM artifacts WHERE archive_sha256 = ?");
  for (const sha256 of archiveSha256s) statement.run(sha256);
}

function check(database: DatabaseSync, path: string): void {
  const damage = database
    .prepare("PRAGMA integrity_check")
    .all()
    .map((row) => String(row.integrity_check));
  const dangling = database.prepare("PRAGMA foreign_key_check").all();
  const found = [...damage.filter((line) => line !== "ok"), ...dangling.map((row) => JSON.stringify(row))];
  if (found.length === 0) return;
  throw new SystemError("store-failed", `The database ${path} is damaged`, {
    problems: found.slice(0, 20).map((message) => ({ message })),
  });
}
