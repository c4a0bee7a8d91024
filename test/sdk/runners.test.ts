/**
 * Runners of the official SDK: what they do while they wait, what stops them, and everything that is known to
 * end them, to make them spin or to make them hang when a server answers it wrongly.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as waitFor } from "node:timers/promises";
import { parseId } from "../../src/engine/id.ts";
import type { TaskSummary } from "../../src/engine/job.ts";
import { UserError } from "../../src/errors.ts";
import { type ControlPlane, openControlPlane } from "../../src/server/control-plane.ts";
import { onBothEngines } from "./engines.ts";
import { type JobClient, type SdkJob, startJobClient } from "./job-client.ts";
import type { SdkCluster, SdkTransport } from "./sdk-client.ts";

async function until<Value>(what: string, read: () => Promise<Value | undefined | false>): Promise<Value> {
  for (let round = 0; round < 400; round++) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    await waitFor(100);
  }
  return assert.fail(`waited too long until ${what}`);
}

onBothEngines((openPlace) => {
  const resources = new AsyncDisposableStack();
  let controlPlane: ControlPlane;
  let url: string;
  /** Submits and looks; what runs has a process of its own in each test. */
  let sdk: JobClient;
  /** The last part of the paths of all calls that were answered. */
  const answered: string[] = [];

  before(async () => {
    const place = await openPlace(resources);
    controlPlane = await openControlPlane({
      ...place,
      clock: Date.now,
      random: randomBytes,
      verify: async () => {
        throw new UserError("artifact-invalid", "this test takes no uploads");
      },
      report: ({ error }) => assert.fail(String(error)),
      onAnswer: ({ path }) => answered.push(path.split("/").at(-1) ?? ""),
    });
    resources.defer(() => controlPlane.close(2_000));
    const { addresses } = await controlPlane.listen([{ kind: "tcp", host: "127.0.0.1", port: 0 }], "none");
    const [address] = addresses;
    url = address?.kind === "tcp" ? `http://127.0.0.1:${address.port}` : assert.fail("it listens nowhere");
    sdk = resources.use(await connect());
  });
  after(() => resources.disposeAsync());

  const connect = (transport: SdkTransport = "grpc") => startJobClient({ url, transport });

  async function tasksOf(job: SdkJob): Promise<readonly TaskSummary[]> {
    const id = parseId<"job">(job.id) ?? assert.fail("no id");
    const page = await controlPlane.store.jobs.listTasks({
      job: id,
      parent: undefined,
      limit: 100,
      startingAfter: undefined,
    });
    return page.tasks;
  }

  const inState = (job: SdkJob, state: string) =>
    until(`the job is ${state}`, async () => {
      const seen = await sdk.find(job);
      return seen.state === state && seen;
    });

  /** Each of its own cluster, so that no test's runner takes another test's tasks. */
  async function ownCluster(): Promise<{ readonly cluster: string }> {
    return { cluster: (await sdk.call<SdkCluster>("clusters().create", ["Own"])).slug };
  }

  describe("a runner", { concurrency: true }, () => {
    for (const transport of ["grpc", "http1"] as const) {
      test(`waits over ${transport}, runs what comes, and ends when it is told to`, async () => {
        await using runner = await connect(transport);
        const own = await ownCluster();
        await runner.runForever([], own);
        for (const name of ["a", "b", "c"]) {
          await inState(await sdk.submit([["Leaf", { name }]], own), "COMPLETED");
          await waitFor(200);
        }
        runner.process.kill("SIGTERM");
        await runner.exited;
      });
    }

    test("that waits asks about once a second, not hundreds of times", async () => {
      await using runner = await connect();
      await runner.runForever([], await ownCluster());
      await waitFor(2_000);
      const before = answered.length;
      await waitFor(3_000);
      const asked = answered.slice(before).filter((call) => call === "NextTask").length;
      // Other tests' runners ask in these seconds too; one that spins would ask a thousand times.
      assert.ok(asked < 300, `${asked} requests in three seconds`);
    });

    test("shares a queue with others: every task runs once", async () => {
      await using first = await connect();
      await using second = await connect("http1");
      const own = await ownCluster();
      await first.runForever([], own);
      await second.runForever([], own);
      const tasks = Array.from({ length: 60 }, (_, index) => ["Leaf", { name: String(index) }] as const);
      const job = await sdk.submit(tasks, own);
      const done = await inState(job, "COMPLETED");
      assert.deepEqual(done.execution_stats.tasks_by_state, { "TaskState.COMPUTED": 60 });
      assert.ok((await tasksOf(job)).every((task) => task.retryCount === 0));
    });

    test("that is interrupted gives its task back, and another one runs it", async () => {
      await using first = await connect();
      const own = await ownCluster();
      await first.runForever([], own);
      const job = await sdk.submit([["Sleeping", { seconds: 4 }]], own);
      await inState(job, "RUNNING");
      first.process.kill("SIGTERM");
      await until("the task is queued again", async () => (await tasksOf(job))[0]?.state === "queued");
      await first.exited;
      await using second = await connect();
      assert.deepEqual(await second.runAll([], own), ["Sleeping"]);
      const [task] = await tasksOf(job);
      assert.deepEqual([task?.state, task?.retryCount], ["computed", 0]);
    });

    test("that is killed loses its task to another one when the lease ends", async () => {
      await using first = await connect();
      await using second = await connect();
      const own = await ownCluster();
      await first.runForever([], own);
      const job = await sdk.submit([["Sleeping", { seconds: 2 }]], own);
      await inState(job, "RUNNING");
      // Killed alone, the process that extends its leases would live on and keep the task.
      first.kill();
      await second.runForever([], own);
      const done = await inState(job, "COMPLETED");
      const stats = done.execution_stats;
      const tookMs =
        Date.parse(stats.last_task_stopped_at ?? "") - Date.parse(stats.first_task_started_at ?? "");
      assert.ok(tookMs >= 15_000, `claimed again after ${tookMs} ms, while the lease was running`);
    });

    test("keeps a long task by extending its lease", async () => {
      await using runner = await connect();
      const own = await ownCluster();
      const job = await sdk.submit([["Sleeping", { seconds: 17 }]], own);
      assert.deepEqual(await runner.runAll([], own), ["Sleeping"]);
      assert.ok(answered.includes("ExtendTaskLease"));
      const [task] = await tasksOf(job);
      assert.deepEqual([task?.state, task?.retryCount], ["computed", 0]);
    });
  });

  describe("run_all", () => {
    let runner: JobClient;
    before(async () => {
      runner = await connect();
    });
    after(() => runner[Symbol.asyncDispose]());

    for (const [name, task, reason] of [
      ["65 groups of sub-tasks", ["Chain", { length: 65 }], /65 task groups; at most 64/],
      ["an input that is too long", ["TooMuch"], /an input of 3002 bytes/],
      ["an unknown cluster", ["Nowhere"], /clusters that do not exist: "no-such-cluster"/],
    ] as const) {
      test(`survives a task that submits ${name}: the task fails, with the reason`, async () => {
        const own = await ownCluster();
        const job = await sdk.submit([task], own);
        const next = await sdk.submit([["Leaf", { name: "next" }]], own);
        assert.deepEqual((await runner.runAll([], own)).at(-1), "next");
        assert.equal((await sdk.find(job)).state, "FAILED");
        assert.equal((await sdk.find(next)).state, "COMPLETED");
        const [failed] = await tasksOf(job);
        assert.equal(failed?.state, "failed");
        assert.match(failed?.display ?? "", reason);
      });
    }

    test("on a cluster that is deleted finds nothing, and goes on", async () => {
      const own = await ownCluster();
      assert.deepEqual(await runner.runAll([], own), []);
      await sdk.call("clusters().delete", [own.cluster]);
      assert.deepEqual(await runner.runAll([], own), []);
    });

    test("that finds nothing ends at once, however often it is asked", async () => {
      const own = await ownCluster();
      for (let round = 0; round < 20; round++) assert.deepEqual(await runner.runAll([], own), []);
    });
  });
});
