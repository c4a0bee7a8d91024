import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { telemetryLimits } from "../../../src/engine/telemetry.ts";
import { lockJobs, ofTasks } from "../../../src/store/postgres/read-ahead.ts";
import { postgresStatement } from "../../../src/store/postgres/statement-text.ts";
import type { Session } from "../../../src/store/sql/session.ts";
import type { Database, Sql } from "../../../src/store/sql/statement.ts";
import { createStoreParts } from "../../../src/store/sql/store-parts.ts";
import { createDatabase, useServer } from "./open-store.ts";

useServer();

/** Tables that are read whole by nature: all clusters, all keys. */
const wholeTables = [/FROM clusters ORDER BY is_default/, /FROM api_keys ORDER BY created_at_ms/];

/** What a store prepares when it is opened. */
function preparedTexts(): Set<string> {
  const texts = new Set<string>();
  const never = () => assert.fail("nothing is run here");
  const database: Database = {
    prepare(sql: Sql) {
      const { text, rows } = postgresStatement(sql, false);
      texts.add(text);
      if (rows !== undefined) texts.add(rows.statement.text);
      return { get: never, all: never, run: never, change: never };
    },
  };
  const session: Session = {
    database,
    writer: { isOnlyOne: false, submit: never, atCommit: never },
    read: never,
    clock: never,
    ids: { next: never },
  };
  createStoreParts(
    { catalog: session, jobs: session, telemetry: session, upkeep: session },
    { telemetryLimits, runAlone: never },
  );
  for (const { text } of [lockJobs, ...Object.values(ofTasks)]) texts.add(text);
  return texts;
}

test("every statement of the store finds its rows by an index", async () => {
  const client = new pg.Client(await createDatabase());
  await client.connect();
  try {
    await client.query("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off");
    const statements = [...preparedTexts()].filter((text) => /^\s*(SELECT|UPDATE|DELETE)/i.test(text));
    assert.ok(statements.length > 50, "the statements were seen");
    for (const text of statements) {
      if (wholeTables.some((whole) => whole.test(text))) continue;
      await client.query(`PREPARE looked_at AS ${text}`);
      const parameters = new Set(text.match(/\$\d+/g)).size;
      const values = Array.from({ length: parameters }, () => "NULL").join(", ");
      const { rows } = await client.query(`EXPLAIN EXECUTE looked_at${parameters > 0 ? `(${values})` : ""}`);
      const plan = rows.map((row) => String(row["QUERY PLAN"]));
      assert.deepEqual(
        plan.filter((line) => line.includes("Seq Scan")),
        [],
        text,
      );
      await client.query("DEALLOCATE looked_at");
    }
  } finally {
    await client.end();
  }
});
