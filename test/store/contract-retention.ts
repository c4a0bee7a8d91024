import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Job, JobId } from "../../src/engine/job.ts";
import type { JobState } from "../../src/engine/job-state.ts";
import { endedStates } from "../../src/engine/retention.ts";
import type { SubmittedTask } from "../../src/engine/submission.ts";
import type { Store } from "../../src/store/port.ts";
import type { JobRemoval } from "../../src/store/retention-port.ts";
import { errorOf } from "../support/errors.ts";
import type { OpenStore } from "./contract.ts";
import { batch, newRecord } from "./contract-telemetry.ts";
import {
  anyTask,
  claim,
  claimNothing,
  compute,
  computed,
  everything,
  fail,
  inTurn,
  newJob,
  runAll,
  stateOf,
  task,
} from "./job-samples.ts";

const dayMs = 86_400_000;

/** What holds rows of jobs, and nothing else. */
const jobTables = [
  "jobs",
  "job_task_states",
  "job_clusters",
  "job_queues",
  "job_progress",
  "tasks",
  "task_progress",
  "task_groups",
  "task_group_dependencies",
  "telemetry_records",
  "removed_jobs",
] as const;

type Limit = { readonly endedBeforeMs: number } | { readonly olderThan: JobId };

/** All the steps that there are; returns how many jobs went. */
export async function removeJobs(store: Store, states: readonly JobState[], limit: Limit): Promise<number> {
  let count = 0;
  for (const state of states) {
    let startingAfter: JobId | undefined;
    do {
      const step = { state, ...limit, startingAfter } as JobRemoval;
      const { removed, next } = await store.retention.removeJobs(step);
      count += removed;
      startingAfter = next;
    } while (startingAfter !== undefined);
  }
  return count;
}

export async function removeRemains({ retention }: Store): Promise<number> {
  let steps = 0;
  while (await retention.removeRemains()) steps++;
  return steps;
}

export function retentionContract(open: OpenStore): void {
  const submit = ({ jobs }: Store, ...groups: readonly SubmittedTask[][]) =>
    jobs.submitJob(newJob(inTurn(...groups)));

  async function completed(store: Store): Promise<Job> {
    const job = await submit(store, [task("a")]);
    await runAll(store.jobs);
    return job;
  }

  async function listed({ jobs }: Store): Promise<JobId[]> {
    return (await jobs.queryJobs({ ...everything, direction: "ascending" })).jobs.map(({ id }) => id);
  }

  describe("retention of jobs", () => {
    test("by age: what ended before goes, what is not over stays, and so does the newest", async () => {
      await using under = await open();
      const { store } = under;
      const { jobs } = store;
      const done = await completed(store);
      const failed = await submit(store, [task("fails")]);
      await fail(jobs, await claim(jobs));
      const canceled = await submit(store, [task("never")]);
      await jobs.cancelJob(canceled.id);
      const running = await submit(store, [task("runs")]);
      const held = await claim(jobs);
      const queued = await submit(store, [task("waits")]);
      under.advanceMs(dayMs);
      const late = await completed(store).catch(() => assert.fail());
      assert.equal(await stateOf(jobs, queued), "completed", "it was first in the queue");
      const newest = await submit(store, [task("last")]);
      await jobs.cancelJob(newest.id);
      under.advanceMs(1);
      const before = { endedBeforeMs: under.clock() - dayMs };
      assert.equal(await removeJobs(store, endedStates, before), 3);
      assert.deepEqual(await listed(store), [running.id, queued.id, late.id, newest.id]);
      for (const { id } of [done, failed, canceled]) {
        await assert.rejects(jobs.getJob(id), errorOf("job-not-found"));
      }
      under.advanceMs(dayMs);
      assert.equal(await removeJobs(store, endedStates, { endedBeforeMs: under.clock() }), 2);
      assert.deepEqual(await listed(store), [running.id, newest.id]);
      assert.equal((await jobs.extendLease(held.id, 1_000)) !== undefined, true);
      await compute(jobs, held);
      assert.equal(await stateOf(jobs, running), "completed");
    });

    test("by age: a job is as old as its end, whatever ended it", async () => {
      await using under = await open();
      const { store } = under;
      const { jobs } = store;
      const canceled = await submit(store, [task("never")]);
      const worked = await submit(store, [task("a")]);
      under.advanceMs(dayMs);
      await jobs.cancelJob(canceled.id);
      await runAll(jobs);
      await submit(store, [task("newest")]);
      const endedAtMs = under.clock();
      assert.equal(await removeJobs(store, endedStates, { endedBeforeMs: endedAtMs }), 0);
      under.advanceMs(1);
      await jobs.cancelJob(canceled.id);
      assert.equal(await removeJobs(store, endedStates, { endedBeforeMs: endedAtMs + 1 }), 2);
      for (const { id } of [canceled, worked]) {
        await assert.rejects(jobs.getJob(id), errorOf("job-not-found"));
      }
    });

    test("by age: neither a canceled nor a failed job whose tasks still run", async () => {
      await using under = await open();
      const { store } = under;
      const { jobs } = store;
      const failed = await submit(store, [task("fails"), task("runs")]);
      const fails = await claim(jobs);
      const first = await claim(jobs);
      await fail(jobs, fails);
      const canceled = await submit(store, [task("also runs")]);
      const second = await claim(jobs);
      await jobs.cancelJob(canceled.id);
      await submit(store, [task("newest")]);
      under.advanceMs(1);
      assert.equal(await removeJobs(store, endedStates, { endedBeforeMs: under.clock() }), 0);
      await compute(jobs, first);
      await compute(jobs, second);
      assert.deepEqual([await stateOf(jobs, failed), await stateOf(jobs, canceled)], ["failed", "canceled"]);
      under.advanceMs(1);
      assert.equal(await removeJobs(store, endedStates, { endedBeforeMs: under.clock() }), 2);
    });

    test("by count: the newest completed and canceled ones stay, and failed ones all", async () => {
      await using under = await open();
      const { store } = under;
      const { jobs, retention } = store;
      const made: Job[] = [];
      for (const end of ["failed", "canceled", "completed", "completed", "canceled", "completed"] as const) {
        under.advanceMs(1);
        const job = await submit(store, [task("a")]);
        made.push(job);
        if (end === "canceled") await jobs.cancelJob(job.id);
        else if (end === "failed") await fail(jobs, await claim(jobs));
        else await runAll(jobs);
      }
      const queued = await submit(store, [task("waits")]);
      assert.equal(await retention.findOldestKept(6), undefined);
      const oldest = await retention.findOldestKept(2);
      assert.equal(oldest, made[4]?.id);
      const olderThan = oldest ?? assert.fail();
      assert.equal(await removeJobs(store, ["completed", "canceled"], { olderThan }), 3);
      const stay = [made[0], made[4], made[5], queued].map((job) => job?.id);
      assert.deepEqual(await listed(store), stay);
    });

    test("a removed job is as unknown as one that never was, to whoever asks", async () => {
      await using under = await open();
      const { store } = under;
      const { jobs, telemetry } = store;
      const job = await submit(store, [task("fails"), task("waits")]);
      const held = await claim(jobs);
      await telemetry.addRecords("log", [batch([newRecord("before", { task: held.id })])]);
      await fail(jobs, held);
      await submit(store, [task("newest", { cluster: { kind: "default" } })]);
      under.advanceMs(1);
      assert.equal(await removeJobs(store, ["failed"], { endedBeforeMs: under.clock() }), 1);

      const page = { job: job.id, parent: undefined, limit: 10, startingAfter: undefined };
      const query = {
        kind: "log",
        of: { job: job.id, task: undefined },
        severities: [],
        direction: "ascending",
        limit: 10,
        startingAfter: undefined,
      } as const;
      for (const call of [
        () => jobs.getJob(job.id),
        () => jobs.cancelJob(job.id),
        () => jobs.retryJob(job.id),
        () => jobs.listTasks(page),
        () => jobs.readTaskTree(job.id, 10),
        () => jobs.readRootTasks(job.id, 10),
        () => telemetry.queryRecords(query),
      ]) {
        await assert.rejects(call(), errorOf("job-not-found"));
      }
      const told = await Promise.all([
        jobs.readQueuedTask(held.id),
        jobs.extendLease(held.id, 1_000),
        fail(jobs, held),
        jobs.nextTask({ computed: computed(held.id), offer: undefined }).then(({ task }) => task),
      ]);
      assert.deepEqual(told, [undefined, undefined, undefined, undefined]);
      await telemetry.addRecords("span", [batch([newRecord("after", { task: held.id, traceId: "" })])]);
      for (const filter of [{ taskStates: ["failed", "queued"] }, { states: ["failed"] }] as const) {
        const found = await jobs.queryJobs({ ...everything, ...filter });
        assert.ok(found.jobs.every(({ id }) => id !== job.id));
      }
      assert.deepEqual(
        [...(await jobs.countJobs({ fromMs: undefined, beforeMs: undefined }))],
        [["submitted", 1]],
      );
      assert.deepEqual(await runAll(jobs), ["newest"]);
    });

    test("a job that was retried meanwhile stays", async () => {
      await using under = await open();
      const { store } = under;
      const { jobs } = store;
      const job = await submit(store, [task("a")]);
      await fail(jobs, await claim(jobs));
      await submit(store, [task("newest")]);
      under.advanceMs(1);
      const [, removed] = await Promise.all([
        jobs.retryJob(job.id).catch((error) => assert.ok(errorOf("job-not-found")(error))),
        removeJobs(store, ["failed"], { endedBeforeMs: under.clock() }),
      ]);
      const left = await jobs.getJob(job.id).then(
        ({ state }) => state,
        () => "gone",
      );
      // Whoever was first: never both.
      assert.equal(left === "gone" ? 1 : 0, removed);
      assert.ok(left === "gone" || left === "running", left);
      await runAll(jobs);
    });

    test("nothing is left of them but what others need, however often it was broken off", async () => {
      await using under = await open();
      let { store } = under;
      const large = await submit(store, [task("root")], [task("after")]);
      const kept = await submit(store, [task("kept 1")], [task("kept 2")]);
      const { jobs } = store;
      const leaves = Array.from({ length: 1_200 }, (_, index) => task(`leaf ${index}`));
      const root = await claim(jobs);
      const keptTask = await claim(jobs).catch(() => assert.fail());
      // The tasks of the job that goes are the newest: SQLite gives their sequences out again.
      await compute(jobs, root, { subTasks: inTurn(leaves), progress: [{ label: "x", total: 2, done: 1 }] });
      const records = Array.from({ length: 700 }, (_, index) => newRecord(`${index}`, { task: root.id }));
      await store.telemetry.addRecords("span", [batch(records)]);
      await store.telemetry.addRecords("log", [batch(records)]);
      await jobs.cancelJob(large.id);
      under.advanceMs(1);
      assert.equal(await removeJobs(store, ["canceled"], { endedBeforeMs: under.clock() }), 1);
      let steps = 0;
      for (let more = true; more; steps++) {
        store = await under.reopen();
        more = await store.retention.removeRemains();
        await submit(store, [task(`between ${steps}`)], [task(`then ${steps}`)]);
      }
      assert.ok(steps > 4, `${steps} steps`);
      await compute(store.jobs, keptTask);
      const order = await runAll(store.jobs);
      assert.equal(order[0], "kept 2");
      assert.equal(order.length, 1 + 2 * steps);
      assert.equal(await stateOf(store.jobs, kept), "completed");

      under.advanceMs(1);
      const newest = await submit(store, [task("newest")]);
      await store.jobs.cancelJob(newest.id);
      await removeJobs(store, endedStates, { endedBeforeMs: under.clock() });
      await removeRemains(store);
      const counts = await Promise.all(jobTables.map((table) => under.countRows(table)));
      const left = Object.fromEntries(jobTables.map((table, index) => [table, counts[index]]));
      assert.deepEqual(left, {
        jobs: 1,
        job_task_states: 1,
        job_clusters: 1,
        job_queues: 1,
        job_progress: 0,
        tasks: 1,
        task_progress: 0,
        task_groups: 1,
        task_group_dependencies: 0,
        telemetry_records: 0,
        removed_jobs: 0,
      });
      assert.deepEqual(await listed(store), [newest.id]);
      await claimNothing(store.jobs, anyTask);
    });
  });

  describe("retention of telemetry", () => {
    test("what is too old goes, also when no more comes", async () => {
      await using under = await open();
      const { telemetry, retention } = under.store;
      const add = (count: number) =>
        telemetry.addRecords("log", [
          batch(Array.from({ length: count }, () => newRecord("x", { traceId: "" }))),
        ]);
      await add(700);
      under.advanceMs(29 * dayMs);
      await add(10);
      assert.equal(await retention.removeTelemetry(), false);
      under.advanceMs(2 * dayMs);
      assert.equal(await retention.removeTelemetry(), true);
      while (await retention.removeTelemetry());
      assert.equal(await under.countRows("telemetry_records"), 10);
    });
  });
}
