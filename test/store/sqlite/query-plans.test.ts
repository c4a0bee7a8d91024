import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { openStoreUnderTest } from "./open-store.ts";

/** Tables that are read whole by nature: all clusters, all keys, the newest entries of the history. */
const wholeTables = [
  "SELECT * FROM clusters ORDER BY is_default DESC, slug",
  "FROM api_keys ORDER BY created_at_ms, id",
  "SELECT * FROM history WHERE sequence < ?",
];

test("every statement of the store finds its rows by an index", async () => {
  const prepared = new Set<string>();
  const prepare = DatabaseSync.prototype.prepare;
  DatabaseSync.prototype.prepare = function (sql: string) {
    prepared.add(sql);
    return prepare.call(this, sql);
  };
  await using under = await openStoreUnderTest().finally(() => {
    DatabaseSync.prototype.prepare = prepare;
  });
  using database = new DatabaseSync(join(under.dataFolder, "control-plane.sqlite"), { readOnly: true });
  const statements = [...prepared].filter((sql) => /^\s*(SELECT|UPDATE|DELETE)/i.test(sql));
  assert.ok(statements.length > 20, "the statements were seen");
  for (const sql of statements) {
    if (/sqlite_schema|FROM migrations/.test(sql) || wholeTables.some((whole) => sql.includes(whole)))
      continue;
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((row) => String(row.detail));
    // What a part of the statement found is no table.
    const found = plan.flatMap((line) => /^CO-ROUTINE (\S+)/.exec(line)?.[1] ?? []);
    assert.deepEqual(
      plan.filter((line) => line.startsWith("SCAN") && !found.includes(line.slice("SCAN ".length))),
      [],
      sql,
    );
    const sorted = plan.filter((line) => line.includes("TEMP B-TREE"));
    assert.ok(sorted.length === 0 || /JOIN/.test(sql), `${sql} sorts what an index could give in order`);
  }
});
