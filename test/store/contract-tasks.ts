import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lostLimit } from "../../src/engine/task-state.ts";
import type { OpenStore } from "./contract.ts";
import {
  anyTask,
  claim,
  claimNothing,
  compute,
  fail,
  giveBack,
  identifier,
  inTurn,
  newJob,
  runAll,
  stateOf,
  statesOf,
  task,
} from "./job-samples.ts";

export function taskContract(open: OpenStore): void {
  describe("optional tasks", () => {
    test("fail alone, and what waits for them runs", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("maybe", { optional: true })], [task("after")])));
      assert.equal(await fail(jobs, await claim(jobs)), "failed-optional");
      assert.deepEqual(await runAll(jobs), ["after"]);
      assert.equal(await stateOf(jobs, job), "completed");
    });

    test("take the rest of their branch with them when something below them fails", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("branch", { optional: true })], [task("after")])));
      const branch = await claim(jobs);
      await compute(jobs, branch, { subTasks: inTurn([task("a"), task("b"), task("c")], [task("d")]) });
      const [a, b] = [await claim(jobs), await claim(jobs)];
      await compute(jobs, a, { subTasks: inTurn([task("a1")]) });
      const a1 = await claim(jobs);
      assert.equal(await fail(jobs, b), "failed-optional");
      assert.deepEqual(await statesOf(jobs, job.id), {
        branch: "computed",
        after: "queued",
        a: "computed",
        b: "failed-optional",
        c: "skipped",
        d: "skipped",
        a1: "running",
      });
      await claimNothing(jobs);
      await compute(jobs, a1, { subTasks: inTurn([task("a2")]) });
      assert.equal((await statesOf(jobs, job.id)).a2, "skipped");
      assert.deepEqual(await runAll(jobs), ["after"]);
      const { state, stats } = await jobs.getJob(job.id);
      assert.equal(state, "completed");
      assert.deepEqual(stats.tasksByState, [
        { state: "computed", count: 4 },
        { state: "skipped", count: 3 },
        { state: "failed-optional", count: 1 },
      ]);
    });

    test("an inner optional task keeps the skipping to itself", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("outer", { optional: true })])));
      await compute(jobs, await claim(jobs), {
        subTasks: inTurn([task("inner", { optional: true })], [task("later")]),
      });
      await compute(jobs, await claim(jobs), { subTasks: inTurn([task("x"), task("y")]) });
      await fail(jobs, await claim(jobs));
      assert.deepEqual(await runAll(jobs), ["later"]);
      assert.deepEqual(await statesOf(jobs, job.id), {
        outer: "computed",
        inner: "computed",
        later: "computed",
        x: "failed-optional",
        y: "skipped",
      });
    });
  });

  describe("leases", () => {
    test("end when nobody extends them, and the task is claimed again", async () => {
      await using under = await open();
      const { jobs } = under.store;
      await jobs.submitJob(newJob(inTurn([task("slow")])));
      const first = await claim(jobs);
      const startMs = under.clock();
      assert.deepEqual(await jobs.endLeases(), { ended: 0, nextEndMs: startMs + 15_000 });
      under.advanceMs(10_000);
      assert.deepEqual(await jobs.extendLease(first.id, 30_000), { leaseMs: 30_000, waitMs: 25_000 });
      under.advanceMs(29_999);
      assert.deepEqual(await jobs.endLeases(), { ended: 0, nextEndMs: startMs + 40_000 });
      await claimNothing(jobs);
      under.advanceMs(1);
      const { ended, nextEndMs } = await jobs.endLeases();
      assert.equal(ended, 1);
      assert.ok(nextEndMs === undefined || nextEndMs > under.clock(), "none is left that has ended");
      assert.equal(await jobs.extendLease(first.id, 30_000), undefined, "it is nobody's now");
      const second = await claim(jobs);
      assert.deepEqual([second.id, second.retryCount], [first.id, 0]);
    });

    test("a result that comes after the lease counts, also when the task runs elsewhere by then", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("slow")])));
      const late = await claim(jobs);
      under.advanceMs(20_000);
      await jobs.endLeases();
      const again = await claim(jobs);
      await compute(jobs, late);
      assert.equal(await stateOf(jobs, job), "completed");
      await compute(jobs, again, { subTasks: inTurn([task("twice")]) });
      assert.equal((await jobs.getJob(job.id)).stats.totalTasks, 1);
    });

    test("a week of them passes as it should", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("week"), task("dies", { maxRetries: 9 })])));
      const week = await claim(jobs);
      let dies = 0;
      const endMs = under.clock() + 7 * 86_400_000;
      while (under.clock() < endMs) {
        const { task: other } = await jobs.nextTask({ computed: undefined, offer: anyTask });
        if (other !== undefined) dies++;
        const lease = await jobs.extendLease(week.id, 600_000);
        under.advanceMs(lease?.waitMs ?? assert.fail("the lease was lost"));
        await jobs.endLeases();
      }
      assert.equal(dies, lostLimit + 1, "a runner may be lost ten times");
      assert.equal(await stateOf(jobs, job), "failed");
      await compute(jobs, week);
      const { stats } = await jobs.getJob(job.id);
      assert.ok((stats.elapsedMs ?? 0) >= 7 * 86_400_000);
    });

    test("a restart gives every running task a first lease again", async () => {
      await using under = await open();
      const { jobs } = under.store;
      await jobs.submitJob(newJob(inTurn([task("a")])));
      await claim(jobs);
      under.advanceMs(3_600_000);
      const store = await under.reopen();
      assert.equal((await store.jobs.endLeases()).nextEndMs, under.clock() + 15_000);
      await claimNothing(store.jobs);
    });
  });

  describe("progress", () => {
    test("is the sum of the latest reports, by label in the order of their first appearance", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("a", { maxRetries: 1 }), task("b")])));
      const a = await claim(jobs);
      const report = (label: string, total: number, done: number) => ({ label, total, done });
      await jobs.failTask({
        id: a.id,
        display: "",
        progress: [report("tiles", 4, 1), report("", 9, 9)],
        wasWorkflowError: true,
      });
      assert.deepEqual((await jobs.getJob(job.id)).progress, [report("tiles", 4, 1), report("", 9, 9)]);
      await compute(jobs, await claim(jobs), { progress: [report("tiles", 4, 4)] });
      await compute(jobs, await claim(jobs), { progress: [report("tiles", 6, 2), report("x", 1, 0)] });
      assert.deepEqual((await jobs.getJob(job.id)).progress, [report("tiles", 10, 6), report("x", 1, 0)]);
    });
  });

  describe("waiting for tasks", () => {
    test("what gets ready is told, in time for the listener to be part of the same step", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const told: string[] = [];
      const claimed: Promise<unknown>[] = [];
      const stop = jobs.onReady((ready) => {
        for (const { identifier, count } of ready) told.push(`${identifier.name} ${count}`);
        claimed.push(jobs.nextTask({ computed: undefined, offer: anyTask }));
      });
      const job = await jobs.submitJob(
        newJob(inTurn([task("a"), task("b")], [task("c", { identifier: identifier("Last") })])),
      );
      await Promise.all(claimed);
      assert.deepEqual(told, ["Task 2"]);
      const [a, b] = [
        await claim(jobs),
        ...((await statesOf(jobs, job.id)).b === "queued" ? [await claim(jobs)] : []),
      ];
      assert.ok(b === undefined, "one of the two was claimed by the listener");
      await giveBack(jobs, a);
      assert.deepEqual(told, ["Task 2", "Task 1"]);
      stop();
      await jobs.cancelJob(job.id);
      await jobs.retryJob(job.id);
      assert.equal(told.length, 2);
    });
  });
}
