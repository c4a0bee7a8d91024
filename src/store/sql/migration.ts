import { UserError } from "../../errors.ts";
import type { Sql } from "./statement.ts";

/** One step of the schema. Its number is its place in the list, counted from 1. */
export interface Migration {
  readonly name: string;
  /**
   * Whether a program that does not know this step must not use the database any more. A new table or
   * index is harmless to it, a column that it would have to fill is not.
   */
  readonly breaking: boolean;
  readonly sql: Sql;
}

export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly breaking: 0 | 1;
}

/** Throws store-newer when a newer program made a breaking step, or another program made these. */
export function requireKnown(applied: readonly AppliedMigration[], migrations: readonly Migration[]): void {
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
