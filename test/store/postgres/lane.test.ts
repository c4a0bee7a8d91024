/** What operations of one transaction can do to each other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPool } from "../../../src/store/postgres/connection.ts";
import { createLane, type Lane } from "../../../src/store/postgres/lane.ts";
import { Replay } from "../../../src/store/postgres/replay.ts";
import { prepare } from "../../../src/store/sql/statement.ts";
import { errorOf } from "../../support/errors.ts";
import { createDatabase, useServer } from "./open-store.ts";

useServer();

const never = async () => assert.fail("nobody is in the way");

test("an operation that fails after it wrote leaves its neighbours, who joins them then, and the connection alone", async () => {
  const pool = createPool(await createDatabase(), 3, assert.ifError);
  const replay = new Replay();
  const lane: Lane = createLane({ pool, replay, where: "test", open: async () => {}, pause: never });
  const { database } = replay;
  const pid = prepare<[], { readonly pid: number }>(database, "SELECT pg_backend_pid() AS pid");
  const write = prepare<[]>(database, "CREATE TEMPORARY TABLE undone (a bigint)");
  const before = await lane.submit(() => pid.get()?.pid);
  const joined: Promise<unknown>[] = [];
  let runs = 0;
  const neighbour = lane.submit(() => {
    const found = pid.get()?.pid;
    // As a request for a task does that is woken when the transaction is run again.
    if (++runs === 2) joined.push(lane.submit(() => "joined"));
    return found;
  });
  const spoiled = lane.submit(() => {
    write.run();
    throw new Error("changed its mind");
  });
  await assert.rejects(spoiled, /changed its mind/);
  assert.equal(await neighbour, before);
  assert.deepEqual(await Promise.all(joined), ["joined"]);
  assert.equal(pool.totalCount, 1);
  await lane.close();
  await pool.end();
});

test("a database that does not answer is not waited for without end", async () => {
  const pool = createPool(await createDatabase(), 1, assert.ifError, { limitMs: 300 });
  const replay = new Replay();
  const lane = createLane({ pool, replay, where: "test", open: async () => {}, pause: never });
  const sleep = prepare<[]>(replay.database, "SELECT pg_sleep(20)");
  const answer = prepare<[], { readonly one: number }>(replay.database, "SELECT 1 AS one");
  const startedAtMs = performance.now();
  await assert.rejects(
    lane.submit(() => sleep.get()),
    errorOf("store-failed", /lost the connection/),
  );
  assert.ok(performance.now() - startedAtMs < 10_000);
  assert.deepEqual(await lane.submit(() => answer.get()), { one: 1 });
  await lane.close();
  await pool.end();
});

test("what others are in the way of is tried again after a pause, four times", async () => {
  const pool = createPool(await createDatabase(), 1, assert.ifError);
  const replay = new Replay();
  const pauses: number[] = [];
  const pause = async (attempt: number) => void pauses.push(attempt);
  const lane = createLane({ pool, replay, where: "test", open: async () => {}, pause });
  const collide = prepare<[]>(
    replay.database,
    "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$",
  );
  const failing = (times: number) => () => {
    if (pauses.length < times) collide.get();
    return "done";
  };
  assert.equal(await lane.submit(failing(2)), "done");
  assert.deepEqual(pauses, [1, 2]);
  await assert.rejects(lane.submit(failing(Infinity)), errorOf("store-failed", /too busy with others/));
  assert.deepEqual(pauses, [1, 2, 1, 2, 3, 4]);
  await lane.close();
  await pool.end();
});

test("leases are extended after the database was away, and not for a defect of ours", async () => {
  const pool = createPool(await createDatabase(), 1, assert.ifError);
  const replay = new Replay();
  const opened: boolean[] = [];
  const open = async (_: unknown, __: unknown, afterFailure: boolean) => void opened.push(afterFailure);
  const lane = createLane({ pool, replay, where: "test", open, pause: never });
  const { database } = replay;
  const breakRule = prepare<[]>(database, "INSERT INTO clusters DEFAULT VALUES");
  const cut = prepare<[]>(database, "SELECT pg_terminate_backend(pg_backend_pid())");
  await assert.rejects(
    lane.submit(() => lane.atCommit({ write: () => breakRule.run(), undone: () => {} })),
    errorOf("store-failed", /did not take the write/),
  );
  await assert.rejects(
    lane.submit(() => cut.get()),
    errorOf("store-failed", /shutting down/),
  );
  await lane.submit(() => {});
  await lane.submit(() => {});
  assert.deepEqual(opened, [false, false, true, true, false]);
  await lane.close();
  await pool.end();
});
