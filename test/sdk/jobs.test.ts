/** The official SDK submits, runs and looks at jobs, over both transports, against a control plane of its own on each engine. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as waitFor } from "node:timers/promises";
import { type ControlPlaneProcess, startControlPlaneProcess } from "../support/control-plane-process.ts";
import { onBothEngines } from "./engines.ts";
import { type JobClient, type SdkJob, type SdkLog, type SdkSpan, startJobClient } from "./job-client.ts";
import { type SdkCluster, SdkError } from "./sdk-client.ts";

const raised = (className: string, message: RegExp) => (error: unknown) =>
  error instanceof SdkError && error.classes.includes(className) && message.test(error.message);

/** States of a job's tasks, without the enum's name. */
function tasksOf(job: SdkJob): Record<string, number> {
  const counts = Object.entries(job.execution_stats.tasks_by_state);
  return Object.fromEntries(counts.map(([state, count]) => [state.replace("TaskState.", ""), count]));
}

/** Telemetry comes in batches, after the call that a test made. */
async function eventually<Value>(
  read: () => Promise<Value>,
  isThere: (value: Value) => boolean,
): Promise<Value> {
  for (let round = 0; ; round++) {
    const value = await read();
    if (isThere(value) || round === 100) return value;
    await waitFor(100);
  }
}

onBothEngines((openPlace) => {
  const resources = new AsyncDisposableStack();
  let controlPlane: ControlPlaneProcess;

  before(async () => {
    const { dataFolder, database } = await openPlace(resources);
    controlPlane = resources.use(await startControlPlaneProcess(dataFolder, "none", database));
  });
  after(() => resources.disposeAsync());

  for (const transport of ["grpc", "http1"] as const) {
    describe(`over ${transport}`, () => {
      let sdk: JobClient;
      before(async () => {
        sdk = await startJobClient({ url: controlPlane.url, transport });
      });
      after(() => sdk[Symbol.asyncDispose]());

      test("a fib(7) tree runs in the recorded order", async () => {
        const job = await sdk.submit([["Fib", { n: 7 }]], { job_name: "fib" });
        assert.deepEqual([job.state, tasksOf(job)], ["SUBMITTED", { QUEUED: 1 }]);
        assert.deepEqual(
          [job.execution_stats.first_task_started_at, job.execution_stats.parallelism],
          [null, 0],
        );
        const order = await sdk.runAll();
        assert.equal(order.join(), "7,5,3,1,2,Sum3,4,2,3,Sum4,Sum5,6,4,5,Sum6,Sum7");
        const done = await sdk.find(job);
        assert.deepEqual([done.name, done.state, tasksOf(done)], ["fib", "COMPLETED", { COMPUTED: 16 }]);
        assert.equal(done.trace_parent, job.trace_parent);
        assert.ok(done.execution_stats.parallelism >= 1);
      });

      test("roots, sub-tasks, dependencies and displays of all shapes", async () => {
        const tree = [
          ["a", "leaf", []],
          ["b", "leaf", []],
          ["c", "leaf", ["a", "b"]],
          ["d", "leaf", ["c"]],
          ["e", "leaf", ["a"]],
          ["f", "leaf", []],
        ];
        const job = await sdk.submit([
          ["Leaf", { name: "first" }],
          ["Tree", { shape: tree }],
          ["Leaf", { name: "last" }],
        ]);
        const order = await sdk.runAll();
        assert.equal(order.at(0), "first");
        assert.equal(order.at(-1), "last");
        const before = (earlier: string, later: string) => order.indexOf(earlier) < order.indexOf(later);
        assert.ok(before("a", "c") && before("b", "c") && before("c", "d") && before("a", "e"), order.join());
        assert.deepEqual(tasksOf(await sdk.find(job)), { COMPUTED: 9 });
        const svg = await sdk.call<string>("jobs().visualize", [job.id]);
        assert.match(svg, /^<svg .*Leaf first.*Leaf d.*<\/svg>\s*$/s);
        const sideways = await sdk.call<string>("jobs().visualize", [job.id], {
          direction: "right",
          layout: "elk",
        });
        assert.notEqual(sideways, svg);

        const chain = await sdk.submit([["Chain", { length: 64 }]]);
        assert.equal((await sdk.runAll()).length, 65);
        assert.equal((await sdk.find(chain)).state, "COMPLETED");
      });

      test("an optional branch that fails is skipped, and the job completes", async () => {
        const job = await sdk.submit([["OptionalBranch"]]);
        assert.deepEqual(await sdk.runAll(), ["OptionalBranch", "FailingBranch", "Failing", "after"]);
        const done = await sdk.find(job);
        assert.deepEqual(
          [done.state, tasksOf(done)],
          ["COMPLETED", { COMPUTED: 3, FAILED_OPTIONAL: 1, SKIPPED: 1 }],
        );

        const shape = [
          ["bad", "optional failing", []],
          ["then", "leaf", ["bad"]],
        ];
        const single = await sdk.submit([["Tree", { shape }]]);
        assert.deepEqual(await sdk.runAll(), ["Tree", "Failing", "then"]);
        assert.deepEqual(tasksOf(await sdk.find(single)), { COMPUTED: 2, FAILED_OPTIONAL: 1 });
      });

      test("a flaky task is retried by the engine, then by hand", async () => {
        const job = await sdk.submit([["Flaky", { times: 2 }]], { max_retries: 2 });
        assert.deepEqual(await sdk.runAll(), ["Flaky 0", "Flaky 1", "Flaky 2"]);
        assert.equal((await sdk.find(job)).state, "COMPLETED");

        const byHand = await sdk.submit([
          ["Flaky", { times: 1 }],
          ["Leaf", { name: "other" }],
        ]);
        assert.deepEqual(await sdk.runAll(), ["Flaky 0"], "the job stops with its first failure");
        const failed = await sdk.find(byHand);
        assert.deepEqual([failed.state, tasksOf(failed)], ["FAILED", { QUEUED: 1, FAILED: 1 }]);
        assert.equal(await sdk.call("jobs().retry", [byHand.id]), 1);
        assert.equal((await sdk.find(byHand)).state, "RUNNING");
        assert.deepEqual(
          await sdk.runAll(),
          ["Flaky 0"],
          "what it did before is forgotten by the test, not by the engine",
        );
        assert.equal(await sdk.call("jobs().retry", [byHand.id]), 1);
        await sdk.call("jobs().cancel", [byHand.id]);
        assert.deepEqual([(await sdk.find(byHand)).state, await sdk.runAll()], ["CANCELED", []]);
        assert.equal(await sdk.call("jobs().retry", [job.id]), 0, "there is nothing to retry");
      });

      test("a canceled job keeps its tasks until it is retried", async () => {
        const job = await sdk.submit([["Leaf", { name: "a" }]]);
        await sdk.call("jobs().cancel", [job.id]);
        assert.deepEqual(await sdk.runAll(), []);
        assert.equal((await sdk.find(job)).state, "CANCELED");
        assert.equal(await sdk.call("jobs().retry", [job.id]), 0);
        assert.deepEqual(await sdk.runAll(), ["a"]);
        assert.equal((await sdk.find(job)).state, "COMPLETED");
      });

      test("progress is added up over the tasks", async () => {
        const job = await sdk.submit([["Progressing"]]);
        await sdk.runAll();
        assert.deepEqual((await sdk.find(job)).progress, [
          { label: "tiles", total: 7, done: 4 },
          { label: null, total: 1, done: 0 },
        ]);
      });

      test("tasks go to the clusters they are submitted to", async () => {
        const { slug } = await sdk.call<SdkCluster>("clusters().create", ["Second"]);
        const job = await sdk.submit(
          [
            ["Leaf", { name: "here" }],
            ["Elsewhere", { cluster: slug }],
          ],
          {
            cluster: ["", slug],
          },
        );
        assert.deepEqual(await sdk.runAll(), ["here"]);
        assert.deepEqual(await sdk.runAll([], { cluster: slug }), ["Elsewhere", "there"]);
        assert.equal((await sdk.find(job)).state, "COMPLETED");
        const found = await sdk.call<SdkJob[]>("jobs().query", [], { clusters: slug });
        assert.deepEqual(
          found.map(({ id }) => id),
          [job.id],
        );
        await assert.rejects(
          sdk.submit([["Leaf", { name: "x" }]], { cluster: "no-such-cluster" }),
          raised("NotFoundError", /no-such-cluster/),
        );
      });

      test("a runner's newer minor version runs what was submitted for an older one", async () => {
        const job = await sdk.submit([["Versioned"]]);
        assert.deepEqual(await sdk.runAll(["VersionedOther"]), []);
        assert.deepEqual(await sdk.runAll(["VersionedNewer", "VersionedOther"]), ["v1.5"]);
        assert.equal((await sdk.find(job)).state, "COMPLETED");
        await sdk.submit([["VersionedNewer"]]);
        assert.deepEqual(await sdk.runAll(["Versioned"]), [], "an older one cannot");
        assert.deepEqual(await sdk.runAll(["Versioned", "VersionedNewer"]), ["v1.5"]);
      });

      test("jobs are queried by every filter", async () => {
        const name = `Query ${transport}`;
        const first = await sdk.submit([["Leaf", { name: "a" }]], { job_name: `${name} one` });
        await sdk.runAll();
        const second = await sdk.submit([["Failing"]], { job_name: `${name} TWO` });
        await sdk.runAll();
        const third = await sdk.submit([["Versioned"]], { job_name: `${name} three` });
        const query = async (kwargs: Readonly<Record<string, unknown>>) => {
          const found = await sdk.call<SdkJob[]>("jobs().query", [], kwargs);
          return found.filter((job) => job.name.startsWith(name)).map((job) => job.id);
        };
        assert.deepEqual(await query({}), [third.id, second.id, first.id], "newest first");
        assert.deepEqual(await query({ name: "two" }), [second.id]);
        assert.deepEqual(await query({ job_states: ["FAILED", "SUBMITTED"], name }), [third.id, second.id]);
        assert.deepEqual(await query({ task_states: ["COMPUTED"], name }), [first.id]);
        assert.deepEqual(await query({ temporal_extent: [first.id, second.id] }), [second.id, first.id]);
        const interval = [first.submitted_at, third.submitted_at];
        assert.deepEqual(await query({ temporal_extent: interval }), [second.id, first.id]);
        assert.deepEqual(await query({ temporal_extent: second.submitted_at, name }), [second.id]);
        assert.deepEqual(await query({ automation_ids: [first.id] }), []);
        await sdk.runAll(["Versioned"]);
      });

      test("pages lead through more jobs than one answer has", async () => {
        const name = `Many ${transport}`;
        for (let index = 0; index < 120; index++)
          await sdk.submit([["Leaf", { name: "x" }]], { job_name: name });
        assert.equal((await sdk.call<SdkJob[]>("jobs().query", [], { name })).length, 120);
        assert.equal((await sdk.runAll()).length, 120);
      });

      test("logs and spans are those of the job, with the traceback of what failed", async () => {
        const job = await sdk.submit([["Telling"]]);
        await sdk.runAll();
        const spans = await eventually(
          () => sdk.call<SdkSpan[]>("jobs().query_spans", [job.id]),
          (found) => found.some((span) => span.name === "task/Telling") && found.length >= 3,
        );
        const names = spans.map((span) => span.name).sort();
        assert.deepEqual(names, ["inner", "job/job", "task/Telling"]);
        const failed = spans.find((span) => span.name === "task/Telling");
        const exception = failed?.events.find((event) => event.name === "exception");
        assert.equal(failed?.status_code, "STATUS_CODE_ERROR");
        assert.match(
          String(exception?.attributes["exception.stacktrace"]),
          /job_tasks\.py.*RuntimeError: it ends badly/s,
        );

        const logs = await eventually(
          () => sdk.call<SdkLog[]>("jobs().query_logs", [job.id]),
          (found) => found.length >= 2,
        );
        assert.deepEqual(
          logs.map(({ body, severity_text }) => [body, severity_text]),
          [
            ["it begins", "INFO"],
            ["it is odd", "WARN"],
          ],
        );
        const [first] = logs;
        assert.deepEqual([first?.attributes.tile, first?.attributes.count], ["32UPU", 3]);
        assert.equal(first?.runner_attributes["service.namespace"], "tilebox.workflows");
        const task = String(failed?.attributes.task_id);
        const bodies = async (kwargs: Readonly<Record<string, unknown>>) =>
          (await sdk.call<SdkLog[]>("jobs().query_logs", [job.id], kwargs)).map(({ body }) => body);
        assert.deepEqual(await bodies({ level: "warning" }), ["it is odd"]);
        assert.deepEqual(await bodies({ level: ["info", "error"], task_id: task }), ["it begins"]);
        await assert.rejects(bodies({ task_id: job.id }), raised("NotFoundError", /has no task/));
        const other = await sdk.submit([["Leaf", { name: "quiet" }]]);
        await sdk.runAll();
        assert.deepEqual(await sdk.call("jobs().query_logs", [other.id]), []);
      });

      test("wrong calls arrive as the documented exceptions", async () => {
        const nobody = "01999999-9999-7999-8999-999999999999";
        for (const call of ["find", "cancel", "retry", "visualize", "query_logs", "query_spans"]) {
          await assert.rejects(sdk.call(`jobs().${call}`, [nobody]), raised("NotFoundError", /no job/), call);
        }
        await assert.rejects(
          sdk.submit([["Leaf", { name: "x".repeat(3000) }]]),
          raised("ArgumentError", /an input of 3002 bytes; the limit is 2048/),
        );
        await assert.rejects(
          sdk.submit([["Leaf", { name: "x" }]], { job_name: "" }),
          raised("ArgumentError", /job_name/),
        );
      });
    });
  }
});
