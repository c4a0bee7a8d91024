import type pg from "pg";
import type { Clock } from "../../engine/id.ts";
import { type AppliedMigration, type Migration, requireKnown } from "../sql/migration.ts";
import { locks } from "./locks.ts";
import { postgresTables } from "./statement-text.ts";

const createMigrationTable = `
  CREATE TABLE IF NOT EXISTS migrations (
    number        bigint PRIMARY KEY,
    name          text NOT NULL,
    breaking      bigint NOT NULL CHECK (breaking IN (0, 1)),
    applied_at_ms bigint NOT NULL
  );
  CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$;
`;

/**
 * Brings the schema up to date in one transaction, one control plane at a time: whoever comes meanwhile
 * waits and finds it done. Throws store-newer when a newer program made a breaking step here.
 */
export async function migrate(
  client: pg.ClientBase,
  deps: { readonly migrations: readonly Migration[]; readonly clock: Clock },
): Promise<void> {
  const { migrations, clock } = deps;
  await client.query("BEGIN");
  try {
    // Steps may take longer than a statement of every day, and whoever waits for them, too.
    await client.query("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0");
    await client.query("SELECT pg_advisory_xact_lock($1)", [locks.migrations]);
    await client.query(createMigrationTable);
    const { rows } = await client.query<AppliedMigration>(
      "SELECT number, name, breaking FROM migrations ORDER BY number",
    );
    requireKnown(rows, migrations);
    for (const [index, { name, breaking, sql }] of migrations.entries()) {
      if (index < rows.length) continue;
      await client.query(postgresTables(typeof sql === "string" ? sql : sql.postgres));
      await client.query(
        "INSERT INTO migrations (number, name, breaking, applied_at_ms) VALUES ($1, $2, $3, $4)",
        [index + 1, name, breaking ? 1 : 0, clock()],
      );
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}
