import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { Migration } from "../../../src/store/sql/migration.ts";
import { migrations as ours } from "../../../src/store/sql/schema.ts";
import { isCurrent, migrate } from "../../../src/store/sqlite/migrate.ts";
import { errorOf } from "../../support/errors.ts";

const step = (name: string, breaking = true): Migration => ({
  name,
  breaking,
  sql: `CREATE TABLE ${name} (x INTEGER) STRICT;`,
});
const clock = () => 1_000;

function tablesOf(database: DatabaseSync): unknown[] {
  return database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .all()
    .map((row) => row.name);
}

describe("migrating", () => {
  test("takes the steps that are missing, once", () => {
    using database = new DatabaseSync(":memory:");
    assert.equal(isCurrent(database, [step("a")]), false);
    migrate(database, { migrations: [step("a")], clock });
    assert.equal(isCurrent(database, [step("a")]), true);
    assert.equal(isCurrent(database, [step("a"), step("b")]), false);
    migrate(database, { migrations: [step("a"), step("b")], clock });
    migrate(database, { migrations: [step("a"), step("b")], clock });
    assert.deepEqual(tablesOf(database), ["a", "b", "migrations"]);
    const recorded = database.prepare("SELECT number, name, applied_at_ms FROM migrations").all();
    assert.deepEqual(
      recorded.map((row) => [row.number, row.name, row.applied_at_ms]),
      [
        [1, "a", 1_000],
        [2, "b", 1_000],
      ],
    );
  });

  test("leaves the schema as it was when a step fails", () => {
    using database = new DatabaseSync(":memory:");
    migrate(database, { migrations: [step("a")], clock });
    const broken = { name: "c", breaking: true, sql: "CREATE TABLE c (x INTEGER); CREATE TABLE a (x);" };
    assert.throws(
      () => migrate(database, { migrations: [step("a"), step("b"), broken], clock }),
      /already exists/,
    );
    assert.deepEqual(tablesOf(database), ["a", "migrations"]);
    assert.equal(database.isTransaction, false);
  });

  test("refuses a schema that a newer version broke with, and accepts one it only added to", () => {
    using database = new DatabaseSync(":memory:");
    migrate(database, { migrations: [step("a"), step("b", false)], clock });
    migrate(database, { migrations: [step("a")], clock });
    assert.equal(isCurrent(database, [step("a")]), true);
    migrate(database, { migrations: [step("a"), step("b", false), step("c")], clock });
    const newer = errorOf("store-newer", /schema 3 \("c"\).*up to 1/);
    assert.throws(() => migrate(database, { migrations: [step("a")], clock }), newer);
    assert.throws(() => isCurrent(database, [step("a")]), newer);
  });

  test("refuses a schema of another history", () => {
    using database = new DatabaseSync(":memory:");
    migrate(database, { migrations: [step("a")], clock });
    assert.throws(
      () => migrate(database, { migrations: [step("b")], clock }),
      errorOf("store-newer", /"a".*"b"/),
    );
  });
});

/** Any step that changes after it was released would leave two schemas under one number. */
test("our own schema has no table that is not STRICT", () => {
  using database = new DatabaseSync(":memory:");
  migrate(database, { migrations: ours, clock });
  const tables = database.prepare("PRAGMA table_list").all();
  const loose = tables.filter((row) => row.strict === 0 && !String(row.name).startsWith("sqlite_"));
  assert.deepEqual(
    loose.map((row) => row.name),
    [],
  );
});

test("a history from before runs were recorded keeps its entries, its sequence and its triggers", () => {
  using database = new DatabaseSync(":memory:");
  const at = ours.findIndex(({ name }) => name === "history of runs and gates");
  migrate(database, { migrations: ours.slice(0, at), clock });
  const insert = `INSERT INTO history (at_ms, actor, kind, workflow_slug, cluster_slug, release_after)
    VALUES (1, 'ci', 'deploy', 'tiles', 'dev', 'r')`;
  database.exec(`${insert}; ${insert}; PRAGMA foreign_keys = ON;`);
  migrate(database, { migrations: ours, clock });
  database.exec(insert);
  const rows = database.prepare("SELECT sequence, kind, release_after, provenance FROM history").all();
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [1, 2, 3].map((sequence) => [sequence, "deploy", "r", null]),
  );
  assert.throws(() => database.exec("DELETE FROM history"), /append-only/);
  assert.throws(() => database.exec("UPDATE history SET actor = 'x'"), /append-only/);
});
