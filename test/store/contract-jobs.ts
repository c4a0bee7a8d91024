import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { givenBackLimit, lostLimit } from "../../src/engine/task-state.ts";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import {
  anyTask,
  claim,
  claimNothing,
  compute,
  computed,
  fail,
  giveBack,
  identifier,
  inTurn,
  newJob,
  offerOf,
  runAll,
  stateOf,
  statesOf,
  task,
} from "./job-samples.ts";
import { addCluster, cluster } from "./samples.ts";

export function jobContract(open: OpenStore): void {
  describe("jobs", () => {
    test("run from their roots to their last dependents, depth first", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("7")])));
      assert.equal(job.state, "submitted");
      assert.equal(job.submittedAtMs, under.clock());
      const sub = (...names: string[]) => names.map((name) => task(name));
      const order = await runAll(jobs, {
        "7": inTurn(sub("5", "6"), sub("Sum7")),
        "5": inTurn(sub("3", "4"), sub("Sum5")),
        "3": inTurn(sub("1", "2"), sub("Sum3")),
        "4": inTurn(sub("2.", "3."), sub("Sum4")),
        "6": inTurn(sub("4.", "5."), sub("Sum6")),
      });
      assert.equal(order.join(), "7,5,3,1,2,Sum3,4,2.,3.,Sum4,Sum5,6,4.,5.,Sum6,Sum7");
      const done = await jobs.getJob(job.id);
      assert.equal(done.state, "completed");
      assert.deepEqual(done.stats.tasksByState, [{ state: "computed", count: 16 }]);
    });

    test("are refused whole when a cluster is unknown, and all unknown ones are named", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const groups = inTurn([
        task("a"),
        task("b", { cluster: cluster("x") }),
        task("c", { cluster: cluster("y") }),
      ]);
      await assert.rejects(jobs.submitJob(newJob(groups)), errorOf("cluster-not-found", /"x", "y"/));
      await claimNothing(jobs);
      const unknown = "01999999-9999-7999-8999-999999999999" as never;
      for (const call of [jobs.getJob(unknown), jobs.cancelJob(unknown), jobs.retryJob(unknown)]) {
        await assert.rejects(call, errorOf("job-not-found", /01999999/));
      }
    });

    test("the oldest job comes first, but a runner stays in its job while it can", async () => {
      await using under = await open();
      const { jobs } = under.store;
      for (const name of ["a", "b"])
        await jobs.submitJob(newJob(inTurn([task(`${name}1`), task(`${name}2`)])));
      const [a1, a2, b1] = [await claim(jobs), await claim(jobs), await claim(jobs)];
      assert.deepEqual([a1.display, a2.display, b1.display], ["a1", "a2", "b1"]);
      await compute(jobs, a2, { subTasks: inTurn([task("a3")]) });
      const { task: next } = await jobs.nextTask({ computed: computed(b1.id), offer: anyTask });
      assert.equal(next?.display, "b2");
      assert.equal((await claim(jobs)).display, "a3");
    });

    test("tasks go to runners of their cluster that know them, under the runner's newest version", async () => {
      await using under = await open();
      const { jobs } = under.store;
      await addCluster(under.store, "gpu");
      const there = task("there", { cluster: cluster("gpu"), identifier: identifier("Task", "v1.3") });
      await jobs.submitJob(newJob(inTurn([there])));
      const here = offerOf(identifier("Task", "v1.3"));
      await claimNothing(jobs, here);
      await claimNothing(jobs, { ...offerOf(identifier("Task", "v2.3")), cluster: cluster("gpu") });
      await claimNothing(jobs, { ...offerOf(identifier("Task", "v1.2")), cluster: cluster("gpu") });
      await claimNothing(jobs, { ...here, cluster: cluster("nowhere") });
      const able = offerOf(identifier("Other"), identifier("Task", "v1.4"), identifier("Task", "v1.10"));
      const claimed = await claim(jobs, { ...able, cluster: cluster("gpu") });
      assert.deepEqual(claimed.identifier.version, "v1.10");
    });

    test("a claimed task says all that an SDK needs", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const input = new Uint8Array([1, 2, 3]);
      const job = await jobs.submitJob(newJob(inTurn([task("Root", { input })]), { name: "named" }));
      const { id, ...claimed } = await claim(jobs);
      assert.match(id, /^[0-9a-f-]{36}$/);
      assert.deepEqual(claimed, {
        identifier: identifier("Task"),
        input,
        display: "Root",
        job: { id: job.id, name: "named", traceParent: job.traceParent, submittedAtMs: job.submittedAtMs },
        retryCount: 0,
        lease: { leaseMs: 15_000, waitMs: 10_000 },
      });
    });
  });

  describe("failures", () => {
    test("are retried max_retries times, then the job fails and its queued tasks wait for RetryJob", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("flaky", { maxRetries: 1 }), task("other")])));
      assert.equal(await fail(jobs, await claim(jobs), "flaky\nError('1')"), "queued");
      const again = await claim(jobs);
      assert.deepEqual([again.display, again.retryCount], ["flaky", 1]);
      assert.equal(await fail(jobs, again, "flaky\nError('2')"), "failed");
      assert.equal(await stateOf(jobs, job), "failed");
      await claimNothing(jobs);
      assert.deepEqual(await statesOf(jobs, job.id), { "flaky\nError('2')": "failed", other: "queued" });

      assert.equal(await jobs.retryJob(job.id), 1);
      assert.equal(await stateOf(jobs, job), "running");
      const fresh = await claim(jobs);
      assert.deepEqual([fresh.id, fresh.display, fresh.retryCount], [again.id, "flaky", 0]);
      await compute(jobs, fresh, { display: "flaky, done" });
      assert.deepEqual(await runAll(jobs), ["other"]);
      assert.deepEqual(await statesOf(jobs, job.id), { "flaky, done": "computed", other: "computed" });
      assert.equal(await jobs.retryJob(job.id), 0, "there is nothing to retry");
    });

    test("sub-tasks that cannot be submitted fail their task with the reason, and not its runner", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("one"), task("two")])));
      const nowhere = task("x", { cluster: cluster("nowhere") });
      const one = await claim(jobs);
      const { task: two } = await jobs.nextTask({
        computed: computed(one.id, { subTasks: inTurn([task("y"), nowhere]) }),
        offer: anyTask,
      });
      assert.equal(two, undefined, "the job has failed");
      await jobs.retryJob(job.id);
      await compute(jobs, await claim(jobs), { subTasks: "Too many groups.", display: "one of them" });
      const [first] = (await jobs.readTaskTree(job.id, 1)).map((task) => task.display);
      assert.equal(first, "one of them\nToo many groups.");
      assert.deepEqual((await jobs.getJob(job.id)).stats.tasksByState, [
        { state: "queued", count: 1 },
        { state: "failed", count: 1 },
      ]);
    });

    test("handing back is no failure, until it happens without end", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("Task")])));
      for (let time = 0; time < givenBackLimit; time++) {
        const claimed = await claim(jobs);
        assert.equal(claimed.retryCount, 0);
        assert.equal(await giveBack(jobs, claimed), "queued");
      }
      assert.equal(await giveBack(jobs, await claim(jobs)), "failed");
      assert.match(
        Object.keys(await statesOf(jobs, job.id)).join(),
        /^Task\nRunners gave this task back 101/,
      );
    });

    test("reports that come late, twice or about nothing change nothing", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("one")])));
      const one = await claim(jobs);
      const report = computed(one.id, { subTasks: inTurn([task("child")]) });
      assert.equal((await jobs.nextTask({ computed: report, offer: anyTask })).task?.display, "child");
      assert.equal((await jobs.nextTask({ computed: report, offer: anyTask })).task, undefined);
      assert.equal(await fail(jobs, one), "computed");
      assert.equal(await giveBack(jobs, one), "computed");
      assert.equal(await jobs.extendLease(one.id, 60_000), undefined);
      assert.equal((await jobs.getJob(job.id)).stats.totalTasks, 2);
      const unknown = { ...one, id: "01999999-9999-7999-8999-999999999999" as typeof one.id };
      assert.equal(await fail(jobs, unknown), undefined);
      await compute(jobs, unknown);
    });
  });

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

  describe("canceling", () => {
    test("keeps queued tasks back, lets running ones finish, and is undone by a retry", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("a"), task("b")])));
      const a = await claim(jobs);
      await jobs.cancelJob(job.id);
      await jobs.cancelJob(job.id);
      assert.equal(await stateOf(jobs, job), "canceled");
      await claimNothing(jobs);
      const report = computed(a.id, { subTasks: inTurn([task("a1")]) });
      assert.equal((await jobs.nextTask({ computed: report, offer: anyTask })).task, undefined);
      assert.equal(await stateOf(jobs, job), "canceled");
      assert.equal(await jobs.retryJob(job.id), 0);
      assert.deepEqual(await runAll(jobs), ["a1", "b"]);
      assert.equal(await stateOf(jobs, job), "completed");
      await jobs.cancelJob(job.id);
      assert.equal(await stateOf(jobs, job), "completed", "what is over cannot be canceled");
    });
  });

  describe("leases", () => {
    test("end when nobody extends them, and the task is claimed again", async () => {
      await using under = await open();
      const { jobs } = under.store;
      await jobs.submitJob(newJob(inTurn([task("slow")])));
      const first = await claim(jobs);
      const startMs = under.clock();
      assert.equal(await jobs.endLeases(), startMs + 15_000);
      under.advanceMs(10_000);
      assert.deepEqual(await jobs.extendLease(first.id, 30_000), { leaseMs: 30_000, waitMs: 25_000 });
      under.advanceMs(29_999);
      assert.equal(await jobs.endLeases(), startMs + 40_000);
      await claimNothing(jobs);
      under.advanceMs(1);
      assert.equal(await jobs.endLeases(), undefined);
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
      assert.equal(await store.jobs.endLeases(), under.clock() + 15_000);
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
