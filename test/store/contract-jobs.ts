import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { givenBackLimit } from "../../src/engine/task-state.ts";
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
      for (const call of [jobs.getJob, jobs.cancelJob, jobs.retryJob]) {
        await assert.rejects(call(unknown), errorOf("job-not-found", /01999999/));
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
}
