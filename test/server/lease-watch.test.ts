import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { SystemError } from "../../src/errors.ts";
import { createLeaseWatch } from "../../src/server/lease-watch.ts";
import { claim, compute, inTurn, newJob, stateOf, task } from "../store/job-samples.ts";
import { openStoreUnderTest } from "../store/sqlite/open-store.ts";
import { ManualTimers } from "../support/manual-timers.ts";

/** A store whose clock moves with the timers. */
async function watchLeases() {
  const under = await openStoreUnderTest();
  const timers = new ManualTimers();
  const errors: unknown[] = [];
  const { jobs } = under.store;
  let expired = 0;
  const onExpired = (count: number) => {
    expired += count;
  };
  const watch = createLeaseWatch({
    jobs,
    clock: under.clock,
    timers,
    onExpired,
    report: (error) => errors.push(error),
  });
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  };
  await settle();
  return {
    jobs,
    timers,
    watch,
    errors,
    onExpired,
    expired: () => expired,
    clock: under.clock,
    /** Time passes and no timer fires. */
    skip: (ms: number) => under.advanceMs(ms),
    /** In steps, as time passes: what a timer starts ends before the next one fires. */
    async advance(ms: number, stepMs = 1_000) {
      for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
        under.advanceMs(stepMs);
        timers.advance(stepMs);
        await settle();
      }
    },
    async [Symbol.asyncDispose]() {
      watch.close();
      await under[Symbol.asyncDispose]();
    },
  };
}

describe("the watch over leases", () => {
  test("sets no timer while no task runs, and takes a task back when its lease has ended", async () => {
    await using leases = await watchLeases();
    const { jobs, timers, watch } = leases;
    assert.equal(timers.pending, 0);
    const job = await jobs.submitJob(newJob(inTurn([task("a")])));
    await claim(jobs);
    watch.leaseGranted();
    assert.equal(timers.pending, 1);
    await leases.advance(15_000);
    assert.equal((await jobs.getJob(job.id)).stats.tasksByState[0]?.state, "running");
    assert.equal(leases.expired(), 0);
    await leases.advance(1_000);
    assert.equal((await jobs.getJob(job.id)).stats.tasksByState[0]?.state, "queued");
    assert.deepEqual([timers.pending, leases.expired()], [0, 1]);
  });

  test("lets a week of extended leases pass with a timer a lease, and ends it when they stop", async () => {
    await using leases = await watchLeases();
    const { jobs, watch } = leases;
    const job = await jobs.submitJob(newJob(inTurn([task("week"), task("short")])));
    const week = await claim(jobs);
    watch.leaseGranted();
    const hours = 7 * 24;
    for (let hour = 0; hour < hours; hour++) {
      for (let part = 0; part < 20; part++) {
        assert.ok(await jobs.extendLease(week.id, 300_000), `lost in hour ${hour}`);
        watch.leaseGranted();
        await leases.advance(180_000, 60_000);
      }
      if (hour === 3) {
        await claim(jobs);
        watch.leaseGranted();
      }
    }
    const counts = async () => (await jobs.getJob(job.id)).stats.tasksByState;
    assert.deepEqual(await counts(), [
      { state: "queued", count: 1 },
      { state: "running", count: 1 },
    ]);
    await compute(jobs, week);
    assert.equal(await stateOf(jobs, job), "started");
    assert.deepEqual(leases.errors, []);
  });

  test("finds what ended while there was no server", async () => {
    await using leases = await watchLeases();
    const { jobs, timers, onExpired } = leases;
    await jobs.submitJob(newJob(inTurn([task("a")])));
    await claim(jobs);
    leases.skip(3_600_000);
    const next = createLeaseWatch({ jobs, clock: leases.clock, timers, onExpired, report: () => {} });
    await nextTurn();
    await nextTurn();
    assert.equal((await claim(jobs)).display, "a");
    next.close();
  });

  test("tries again when the store fails, and says so once each time", async () => {
    const timers = new ManualTimers();
    const errors: unknown[] = [];
    let calls = 0;
    const watch = createLeaseWatch({
      jobs: {
        endLeases: async () => {
          calls++;
          if (calls < 3) throw new SystemError("store-failed", "full");
          return { ended: 0, nextEndMs: undefined };
        },
      },
      clock: timers.nowMs,
      timers,
      onExpired: () => {},
      report: (error) => errors.push(error),
    });
    for (let round = 0; round < 4; round++) {
      await nextTurn();
      timers.advance(1_000);
    }
    assert.deepEqual([calls, errors.length, timers.pending], [3, 2, 0]);
    watch.close();
  });
});
