import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Job } from "../../src/engine/job.ts";
import type { JobQuery, JobStore } from "../../src/store/job-port.ts";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import {
  claim,
  compute,
  everything,
  fail,
  identifier,
  inTurn,
  newJob,
  offerOf,
  runAll,
  task,
} from "./job-samples.ts";
import { addCluster, cluster, slug } from "./samples.ts";

async function names(jobs: JobStore, query: Partial<JobQuery>): Promise<string> {
  const { jobs: found } = await jobs.queryJobs({ ...everything, ...query });
  return found.map((job) => job.name).join();
}

export function jobListContract(open: OpenStore): void {
  describe("lists of jobs", () => {
    /** One job in each state, a millisecond apart; `done` also has an optional failure. */
    async function oneOfEach() {
      const under = await open();
      const { jobs } = under.store;
      const made = new Map<string, Job>();
      const submit = async (name: string, tasks = inTurn([task("a"), task("b")])) => {
        under.advanceMs(1);
        made.set(name, await jobs.submitJob(newJob(tasks, { name })));
      };
      await submit("done", inTurn([task("a"), task("b", { optional: true })]));
      await compute(jobs, await claim(jobs));
      await fail(jobs, await claim(jobs));
      await submit("failed");
      await fail(jobs, await claim(jobs));
      await submit("canceled");
      await jobs.cancelJob(made.get("canceled")?.id ?? assert.fail());
      await submit("Started");
      await compute(jobs, await claim(jobs));
      await submit("running elsewhere", inTurn([task("a", { identifier: identifier("Other") })]));
      await claim(jobs, offerOf(identifier("Other")));
      await addCluster(under.store, "gpu");
      await submit("Waiting elsewhere", inTurn([task("a", { cluster: cluster("gpu") })]));
      return { under, jobs, made };
    }

    test("are newest first, or oldest first, in pages", async () => {
      const { under, jobs } = await oneOfEach();
      await using _ = under;
      const newest = "Waiting elsewhere,running elsewhere,Started,canceled,failed,done";
      assert.equal(await names(jobs, {}), newest);
      assert.equal(await names(jobs, { direction: "ascending" }), newest.split(",").toReversed().join());
      const pages: string[] = [];
      let startingAfter: JobQuery["startingAfter"];
      for (;;) {
        const page = await jobs.queryJobs({ ...everything, limit: 4, startingAfter });
        pages.push(page.jobs.map((job) => job.name).join());
        if (!page.hasMore) break;
        startingAfter = page.jobs.at(-1)?.id;
      }
      assert.deepEqual(pages, ["Waiting elsewhere,running elsewhere,Started,canceled", "failed,done"]);
    });

    test("are filtered by job state, task state, cluster and name, all of which must hold", async () => {
      const { under, jobs } = await oneOfEach();
      await using _ = under;
      assert.equal(await names(jobs, { states: ["failed", "completed"] }), "failed,done");
      assert.equal(await names(jobs, { states: ["submitted"] }), "Waiting elsewhere");
      assert.equal(
        await names(jobs, { states: ["running", "started", "canceled"] }),
        "running elsewhere,Started,canceled",
      );
      assert.equal(await names(jobs, { taskStates: ["failed-optional"] }), "done");
      assert.equal(
        await names(jobs, { taskStates: ["running", "computed"] }),
        "running elsewhere,Started,done",
      );
      assert.equal(await names(jobs, { clusters: [slug("gpu")] }), "Waiting elsewhere");
      assert.equal(await names(jobs, { nameWords: ["elsewhere"] }), "Waiting elsewhere,running elsewhere");
      assert.equal(await names(jobs, { nameWords: ["where", "wait"] }), "Waiting elsewhere");
      assert.equal(await names(jobs, { nameWords: ["elsewhere"], states: ["running"] }), "running elsewhere");
      assert.equal(
        await names(jobs, { taskStates: ["queued"], clusters: [slug("gpu")] }),
        "Waiting elsewhere",
      );
      assert.equal(await names(jobs, { taskStates: ["skipped"] }), "");
    });

    test("are filtered by time, by id and by automation", async () => {
      const { under, jobs, made } = await oneOfEach();
      await using _ = under;
      const [done, failed, canceled] = ["done", "failed", "canceled"].map(
        (name) => made.get(name) ?? assert.fail(),
      );
      assert.ok(done && failed && canceled);
      const time = (fromMs: number | undefined, beforeMs: number | undefined) =>
        names(jobs, { time: { fromMs, beforeMs } });
      assert.equal(await time(failed.submittedAtMs, failed.submittedAtMs + 1), "failed");
      assert.equal(await time(undefined, canceled.submittedAtMs), "failed,done");
      assert.equal(await time(canceled.submittedAtMs + 3, undefined), "Waiting elsewhere");
      const ids = { start: done.id, end: canceled.id };
      const within = (startExclusive: boolean, endInclusive: boolean) =>
        names(jobs, { ids: { ...ids, startExclusive, endInclusive } });
      assert.equal(await within(false, false), "failed,done");
      assert.equal(await within(true, true), "canceled,failed");
      const automation = "01999999-9999-7999-8999-999999999999" as NonNullable<Job["automation"]>;
      const made2 = await jobs.submitJob(newJob(inTurn([task("a")]), { name: "by cron", automation }));
      assert.equal(made2.automation, automation);
      assert.equal(await names(jobs, { automations: [automation] }), "by cron");
    });

    test("are counted by state, and the queue as a whole", async () => {
      const { under, jobs, made } = await oneOfEach();
      await using _ = under;
      const all = { fromMs: undefined, beforeMs: undefined };
      assert.deepEqual(Object.fromEntries(await jobs.countJobs(all)), {
        submitted: 1,
        running: 1,
        started: 1,
        completed: 1,
        failed: 1,
        canceled: 1,
      });
      const later = { ...all, fromMs: made.get("Started")?.submittedAtMs };
      assert.deepEqual(Object.fromEntries(await jobs.countJobs(later)), {
        submitted: 1,
        running: 1,
        started: 1,
      });
      const { oldestWaiting, ...stats } = await jobs.readQueueStats(all);
      assert.deepEqual(stats, { waitingJobs: 2, runningJobs: 1, queuedTasks: 2 });
      assert.equal(oldestWaiting?.name, "Started");
    });

    test("say how deep the queue is, as far as they are looked at", async () => {
      const { under, jobs, made } = await oneOfEach();
      await using _ = under;
      const { submittedAtMs: oldestWaitingMs } = made.get("Started") ?? assert.fail();
      const whole = { queuedTasks: 2, runningTasks: 1, oldestWaitingMs };
      const each = { submitted: 1, running: 1, started: 1 };
      assert.deepEqual(await jobs.readQueueDepth(10), { jobs: each, ...whole });
      for (let more = 0; more < 3; more++) await jobs.submitJob(newJob(inTurn([task("a"), task("b")])));
      assert.deepEqual(await jobs.readQueueDepth(1), { jobs: each, ...whole });
      const { jobs: counted, queuedTasks } = await jobs.readQueueDepth(3);
      assert.deepEqual([counted, queuedTasks], [{ ...each, submitted: 3 }, 6]);
      const none = { jobs: { submitted: 0, running: 0, started: 0 }, queuedTasks: 0, runningTasks: 0 };
      assert.deepEqual(await jobs.readQueueDepth(0), { ...none, oldestWaitingMs: undefined });
    });
  });

  describe("lists of tasks", () => {
    test("show one level at a time, oldest first, in pages", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const optional = task("maybe", { optional: true, maxRetries: 2, input: new Uint8Array([7]) });
      const job = await jobs.submitJob(newJob(inTurn([task("root")], [task("last")])));
      const root = await claim(jobs);
      await compute(jobs, root, {
        subTasks: inTurn([task("a"), task("b")], [optional]),
        display: "root of 3",
      });
      const list = (parent: typeof root.id | undefined, limit: number, startingAfter?: typeof root.id) =>
        jobs.listTasks({ job: job.id, parent, limit, startingAfter });
      const roots = await list(undefined, 10);
      assert.deepEqual(
        roots.tasks.map(({ display, state, hasChildren }) => [display, state, hasChildren]),
        [
          ["root of 3", "computed", true],
          ["last", "queued", false],
        ],
      );
      const first = await list(root.id, 2);
      assert.deepEqual([first.tasks.map((task) => task.display), first.hasMore], [["a", "b"], true]);
      const second = await list(root.id, 2, first.tasks.at(-1)?.id);
      const [maybe, ...others] = second.tasks;
      assert.ok(maybe && others.length === 0 && !second.hasMore);
      const { id, cluster: where, ...summary } = maybe;
      assert.deepEqual(summary, {
        parent: root.id,
        identifier: { name: "Task", version: "v1.0" },
        display: "maybe",
        state: "queued",
        submittedAtMs: under.clock(),
        startedAtMs: undefined,
        stoppedAtMs: undefined,
        input: new Uint8Array([7]),
        retryCount: 0,
        maxRetries: 2,
        hasChildren: false,
        optional: true,
      });
      assert.match(where, /^default-/);
      const other = await jobs.submitJob(newJob(inTurn([task("x")])));
      const foreign = jobs.listTasks({ job: other.id, parent: root.id, limit: 1, startingAfter: undefined });
      await assert.rejects(foreign, errorOf("task-not-found"));
    });

    test("a job's roots can be read as they were submitted", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(
        newJob(inTurn([task("a", { maxRetries: 3 }), task("b")], [task("c")])),
      );
      await fail(jobs, await claim(jobs), "a\nError()");
      const roots = await jobs.readRootTasks(job.id, 10);
      assert.deepEqual(
        roots.map(({ dependsOn, tasks }) => [
          dependsOn,
          tasks.map((task) => [task.display, task.maxRetries]),
        ]),
        [
          [
            [],
            [
              ["a", 3],
              ["b", 0],
            ],
          ],
          [[0], [["c", 0]]],
        ],
      );
    });

    test("a queued task says what it waits for", async () => {
      await using under = await open();
      const { jobs } = under.store;
      const job = await jobs.submitJob(newJob(inTurn([task("a"), task("b")], [task("c")])));
      await compute(jobs, await claim(jobs), { subTasks: inTurn([task("a1")]) });
      const [, , c] = (
        await jobs.listTasks({ job: job.id, parent: undefined, limit: 9, startingAfter: undefined })
      ).tasks;
      const queued = await jobs.readQueuedTask(c?.id ?? assert.fail("no third task"));
      assert.deepEqual(
        { ...queued, cluster: "" },
        {
          state: "queued",
          job: "started",
          cluster: "",
          identifier: identifier("Task"),
          openDependencies: ["a", "b"],
        },
      );
      await runAll(jobs);
      assert.deepEqual((await jobs.readQueuedTask(c?.id ?? assert.fail()))?.openDependencies, []);
    });
  });
}
