import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../engine/id.ts";
import { type AppliedMigration, type Migration, requireKnown } from "../sql/migration.ts";

const createMigrationTable = `
  CREATE TABLE IF NOT EXISTS migrations (
    number        INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    breaking      INTEGER NOT NULL CHECK (breaking IN (0, 1)),
    applied_at_ms INTEGER NOT NULL
  ) STRICT;
`;

/**
 * Brings the schema up to date in one transaction: a process killed in the middle leaves it as it was.
 * Throws store-newer when a newer program made a breaking step here.
 */
export function migrate(
  database: DatabaseSync,
  deps: { readonly migrations: readonly Migration[]; readonly clock: Clock },
): void {
  const { migrations, clock } = deps;
  database.exec("BEGIN IMMEDIATE");
  try {
    database.exec(createMigrationTable);
    const applied = readApplied(database);
    requireKnown(applied, migrations);
    for (const [index, migration] of migrations.entries()) {
      if (index < applied.length) continue;
      database.exec(typeof migration.sql === "string" ? migration.sql : migration.sql.sqlite);
      database
        .prepare("INSERT INTO migrations (number, name, breaking, applied_at_ms) VALUES (?, ?, ?, ?)")
        .run(index + 1, migration.name, migration.breaking ? 1 : 0, clock());
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Whether every step has been taken, without taking any. Throws store-newer as `migrate` does. */
export function isCurrent(database: DatabaseSync, migrations: readonly Migration[]): boolean {
  const exists = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get();
  if (exists === undefined) return false;
  const applied = readApplied(database);
  requireKnown(applied, migrations);
  return applied.length >= migrations.length;
}

export function readApplied(database: DatabaseSync): AppliedMigration[] {
  return database
    .prepare("SELECT number, name, breaking FROM migrations ORDER BY number")
    .all() as unknown as AppliedMigration[];
}
