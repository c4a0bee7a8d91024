import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../engine/id.ts";
import { UserError } from "../../errors.ts";

/** One step of the schema. Its number is its place in the list, counted from 1. */
export interface Migration {
  readonly name: string;
  /**
   * Whether a program that does not know this step must not use the database any more. A new table or
   * index is harmless to it, a column that it would have to fill is not.
   */
  readonly breaking: boolean;
  readonly sql: string;
}

interface AppliedRow {
  readonly number: number;
  readonly name: string;
  readonly breaking: 0 | 1;
}

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
      database.exec(migration.sql);
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

function readApplied(database: DatabaseSync): AppliedRow[] {
  return database
    .prepare("SELECT number, name, breaking FROM migrations ORDER BY number")
    .all() as unknown as AppliedRow[];
}

function requireKnown(applied: readonly AppliedRow[], migrations: readonly Migration[]): void {
  const last = migrations.length;
  const newer = applied.find((row) => row.number > last && row.breaking === 1);
  if (newer !== undefined) {
    throw new UserError(
      "store-newer",
      `The database has schema ${newer.number} ("${newer.name}"), this version knows schemas up to ${last}`,
    );
  }
  for (const row of applied) {
    const known = migrations[row.number - 1];
    if (known !== undefined && known.name !== row.name) {
      throw new UserError(
        "store-newer",
        `The database's schema ${row.number} is "${row.name}", in this version it is "${known.name}": it was not written by an older version of this program`,
      );
    }
  }
}
