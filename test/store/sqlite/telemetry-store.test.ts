/** Limits that would take gigabytes to reach, and what a query costs. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { createIdSource } from "../../../src/engine/id.ts";
import { telemetryLimits } from "../../../src/engine/telemetry.ts";
import { migrations } from "../../../src/store/sql/schema.ts";
import { createTelemetryStore } from "../../../src/store/sql/telemetry-store.ts";
import { selectRecords } from "../../../src/store/sql/telemetry-table.ts";
import { migrate } from "../../../src/store/sqlite/migrate.ts";
import { sqliteStatements } from "../../../src/store/sqlite/statements.ts";
import { createWriter } from "../../../src/store/sqlite/writer.ts";
import { batch, newRecord } from "../contract-telemetry.ts";

function openTelemetry(limits = telemetryLimits) {
  const database = new DatabaseSync(":memory:");
  migrate(database, { migrations, clock: () => 0 });
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = () => nowMs;
  const session = {
    database: sqliteStatements(database),
    writer: createWriter(database, "memory"),
    read: async <Result>(query: () => Result) => query(),
    clock,
    ids: createIdSource({ clock, random: randomBytes }),
  };
  const count = (table: string) =>
    Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
  return {
    database,
    telemetry: createTelemetryStore(session, limits),
    count,
    advanceMs: (ms: number) => {
      nowMs += ms;
    },
    [Symbol.dispose]: () => database.close(),
  };
}

describe("telemetry in SQLite", () => {
  test("stays below its total size, the oldest going first, whatever kind and job", async () => {
    using open = openTelemetry({ ...telemetryLimits, maxTotalBytes: 100_000 });
    for (let index = 0; index < 300; index++) {
      const record = newRecord(`${index} ${"x".repeat(900)}`, { traceId: "", atUs: index });
      await open.telemetry.addRecords("log", [batch([record])]);
    }
    const { records } = await open.telemetry.queryRecords({
      kind: "log",
      of: { interval: { fromMs: undefined, beforeMs: undefined } },
      severities: [],
      direction: "descending",
      limit: 1_000,
      startingAfter: undefined,
    });
    assert.ok(records.length > 90 && records.length < 100, `${records.length} records`);
    assert.match(Buffer.from(records[0]?.record ?? []).toString(), /^299 /);
  });

  test("keeps what a process says of itself once, and forgets processes whose records are gone", async () => {
    using open = openTelemetry();
    for (let index = 0; index < 50; index++) {
      await open.telemetry.addRecords("log", [
        batch([newRecord("x", { traceId: "" })], `process ${index % 5}`),
      ]);
    }
    assert.deepEqual([open.count("telemetry_records"), open.count("telemetry_sources")], [50, 5]);
    open.advanceMs(telemetryLimits.maxAgeMs + 7_200_000);
    await open.telemetry.addRecords("log", [batch([newRecord("x", { traceId: "" })], "process 9")]);
    assert.deepEqual([open.count("telemetry_records"), open.count("telemetry_sources")], [1, 1]);
  });

  test("finds the records of a job, and of a time, in order without sorting", () => {
    using open = openTelemetry();
    for (const direction of ["ascending", "descending"] as const) {
      for (const where of [
        [
          { sql: "records.kind = ?", values: [1] },
          { sql: "records.job = ?", values: [1] },
          { sql: "(records.at_us, records.sequence) > (?, ?)", values: [1, 1] },
        ],
        [
          { sql: "records.kind = ?", values: [1] },
          { sql: "records.at_us >= ? AND records.at_us < ?", values: [1, 2] },
        ],
      ]) {
        const { sql, values } = selectRecords(where, direction);
        const plan = open.database
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all(...values, 10)
          .map((row) => String(row.detail));
        assert.deepEqual(
          plan.filter((line) => /SCAN|TEMP B-TREE/.test(line)),
          [],
          sql,
        );
      }
    }
  });
});
