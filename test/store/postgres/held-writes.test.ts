import assert from "node:assert/strict";
import { test } from "node:test";
import { HeldWrites } from "../../../src/store/postgres/held-writes.ts";
import { postgresStatement } from "../../../src/store/postgres/statement-text.ts";

const statement = (name: string, table: string) =>
  postgresStatement(
    { sqlite: name, postgres: name, postgresRows: { table, row: 1, sql: `${name} of many` } },
    false,
  );
const start = statement("start ?, ?", "tasks");
const stop = statement("stop ?, ?", "tasks");
const count = statement("count ?, ?", "groups");

const textsOf = (held: HeldWrites) =>
  held.take().map(({ statement: { text }, values }) => `${text}: ${JSON.stringify(values)}`);

test("writes of one statement go together, one alone as it is, the last one of a row for all of them", () => {
  const held = new HeldWrites();
  for (const [which, value, row] of [
    [stop, "a", 1],
    [count, 5, 1],
    [start, "b", 2],
    [count, 4, 1],
    [stop, null, 3],
  ] as const) {
    assert.ok(held.hold(which, [value, row]));
  }
  assert.deepEqual(textsOf(held), [
    'stop $1, $2 of many: [["a",null],[1,3]]',
    "count $1, $2: [4,1]",
    'start $1, $2: ["b",2]',
  ]);
  assert.deepEqual(textsOf(held), []);
});

test("a second statement on a row waits until the first one was sent", () => {
  const held = new HeldWrites();
  assert.ok(held.hold(start, ["a", 1]));
  assert.ok(!held.hold(stop, ["b", 1]));
  assert.deepEqual(textsOf(held), ['start $1, $2: ["a",1]']);
  assert.ok(held.hold(stop, ["b", 1]));
});

test("no more than a thousand rows are held", () => {
  const held = new HeldWrites();
  for (let row = 0; row < 1_000; row++) assert.ok(held.hold(start, ["a", row]));
  assert.ok(held.hold(start, ["b", 0]));
  assert.ok(!held.hold(start, ["a", 1_000]));
});

test("a statement that has no form for many rows is not held", () => {
  assert.ok(!new HeldWrites().hold(postgresStatement("change ?", false), [1]));
});
