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

test("an operation that fails after it wrote leaves its neighbours, who joins them then, and the connection alone", async () => {
  const pool = createPool(await createDatabase(), assert.ifError);
  const replay = new Replay();
  const lane: Lane = createLane({ pool, replay, where: "test", open: async () => {} });
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
  const pool = createPool(await createDatabase(), assert.ifError, 300);
  const replay = new Replay();
  const lane = createLane({ pool, replay, where: "test", open: async () => {} });
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
