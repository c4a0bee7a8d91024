import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { LogRecord } from "../../src/api/gen/opentelemetry/proto/logs/v1/logs_pb.ts";
import type { Worker } from "../../src/worker/worker.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { createTelemetrySink, type TelemetrySink } from "../support/telemetry-sink.ts";
import { assertNothingLeft, start, taskOf } from "../support/workers.ts";

/** Windows has codes where other systems have signals, and ends a tree where they ask it to end. */
const hasSignals = process.platform !== "win32";

const stopLimits = { graceMs: 10_000, terminateMs: 2_000 };

describe("a worker that is up", { concurrency: 2 }, () => {
  let project: ScratchProject;
  let sink: TelemetrySink;

  before(async () => {
    [project, sink] = await Promise.all([createScratchProject("mischief"), createTelemetrySink()]);
    // The first start makes the environment that the others share.
    await (await start(project.folder, "mischief:runner")).stop(stopLimits);
  });

  after(async () => {
    await assertNothingLeft(project.folder);
    await Promise.all([project[Symbol.asyncDispose](), sink[Symbol.asyncDispose]()]);
  });

  async function initialized(module = "mischief"): Promise<Worker> {
    const worker = await start(project.folder, `${module}:runner`);
    await worker.initialize({
      cluster: { slug: "test" },
      apiConnection: { url: sink.url, token: "a runner's token" },
    });
    return worker;
  }

  it("lists its tasks in the order of registration", async () => {
    await using worker = await start(project.folder, "mischief:runner");
    assert.deepEqual(worker.tasks.slice(0, 3), [
      { name: "Behave", version: "v0.0" },
      { name: "Raise", version: "v0.0" },
      { name: "Sleep", version: "v0.0" },
    ]);
    assert.equal(worker.generation, "managed");
    assert.deepEqual(worker.state(), { kind: "ready" });
  });

  it("runs tasks and returns what they computed, submitted or raised", async () => {
    await using worker = await initialized();
    const [behaved, raised, multiplied, unknown] = await Promise.all([
      worker.execute(taskOf("Behave", "hello")),
      worker.execute(taskOf("Raise")),
      worker.execute(taskOf("Multiply", { count: 300, text_size: 20_000 })),
      worker.execute(taskOf("Nobody")),
    ]);
    assert.equal(behaved.kind, "computed");
    assert.equal(raised.kind, "failed");
    assert.match(raised.task.display, /ValueError\('raised on purpose'\)/);
    assert.equal(raised.task.wasWorkflowError, true);
    // 6 MB of inputs: more than gRPC's default limit of 4 MiB.
    assert.equal(multiplied.kind, "computed");
    assert.equal(multiplied.task.subTasks?.taskGroups[0]?.inputs.length, 300);
    assert.equal(unknown.kind, "failed");
    assert.equal(unknown.task.wasWorkflowError, false);
    assert.equal(await worker.stop(stopLimits), "asked");
    assert.ok(sink.paths.includes("/v1/traces"));
  });

  it("streams the tasks' log records until it ends", async () => {
    const worker = await initialized();
    const records: LogRecord[] = [];
    const watching = (async () => {
      for await (const record of worker.watchLogs(new AbortController().signal)) records.push(record);
    })();
    await worker.execute(taskOf("Behave", "said in a task"));
    await worker.stop(stopLimits);
    await watching;
    const texts = records.map((record) => record.body?.value.value);
    assert.ok(texts.includes("said in a task"), JSON.stringify(texts));
  });

  it("stops streaming when the watcher has seen enough", async () => {
    await using worker = await initialized();
    const enough = new AbortController();
    await worker.execute(taskOf("Behave", "one"));
    for await (const _ of worker.watchLogs(enough.signal)) enough.abort();
    assert.equal((await worker.execute(taskOf("Behave", "two"))).kind, "computed");
  });

  it("says how it died when a task ends the process", async () => {
    const cases = [
      { task: taskOf("ExitProcess", 7), exit: { kind: "code", code: 7 } },
      ...(hasSignals
        ? [
            { task: taskOf("Crash"), exit: { kind: "signal", signal: "SIGSEGV" } },
            { task: taskOf("KillItself"), exit: { kind: "signal", signal: "SIGKILL" } },
          ]
        : []),
    ];
    for (const { task, exit } of cases) {
      await using worker = await initialized();
      const outcome = await worker.execute(task);
      assert.deepEqual(outcome, { kind: "died", exit });
      assert.deepEqual(await worker.exited, exit);
      assert.deepEqual(worker.state(), { kind: "exited", exit });
      assert.equal((await worker.execute(taskOf("Raise"))).kind, "died");
      await assert.rejects(worker.initialize({}), errorOf("worker-lost", /ended with/));
    }
  });

  it("costs one task when the worker dies under several", async () => {
    await using worker = await initialized();
    const sleeping = worker.execute(taskOf("Sleep", 60));
    const dying = await worker.execute(taskOf("ExitProcess", 3));
    assert.equal(dying.kind, "died");
    assert.equal((await sleeping).kind, "died");
  });

  it("has died when only uv was killed: its Python does not serve on as an orphan", async () => {
    await using worker = await initialized();
    const running = worker.execute(taskOf("Sleep", 60));
    await delay(300);
    process.kill(worker.pid, "SIGKILL");
    assert.equal((await running).kind, "died");
    await worker.exited;
  });

  it("gives up a task that never answers, and works on", async () => {
    await using worker = await initialized();
    const outcome = await worker.execute(taskOf("ExitInterpreter"), AbortSignal.timeout(500));
    assert.deepEqual(outcome, { kind: "abandoned" });
    assert.equal((await worker.execute(taskOf("Behave", "still here"))).kind, "computed");
  });

  it("refuses what a worker cannot receive", async () => {
    await using worker = await initialized();
    const outcome = await worker.execute(taskOf("Behave", "x".repeat(5_000_000)));
    assert.equal(outcome.kind, "refused");
    assert.match(outcome.reason, /larger than max/);
  });

  it("survives closed pipes and a flood of output, of which the end is kept", async () => {
    await using worker = await initialized();
    assert.equal((await worker.execute(taskOf("Flood", 20))).kind, "computed");
    const { stdout, stderr } = worker.output();
    assert.match(stdout, /^\[\d+ bytes left out\]\n/);
    assert.ok(stdout.length <= 70_000 && stderr.length <= 70_000);
    assert.equal((await worker.execute(taskOf("ClosePipes"))).kind, "computed");
    assert.equal((await worker.execute(taskOf("Behave", "silent now"))).kind, "computed");
    assert.equal(await worker.stop(stopLimits), "asked");
  });

  it("takes the children of its tasks with it", async () => {
    const worker = await initialized();
    assert.equal((await worker.execute(taskOf("LeaveChildren"))).kind, "computed");
    await worker.stop({ graceMs: 3_000, terminateMs: 1_000 });
  });

  it("finishes running tasks when it is asked to end, within the grace time", async () => {
    const worker = await initialized();
    const running = worker.execute(taskOf("Sleep", 1));
    await delay(300); // Until it has the task: a worker that is asked to end takes no more.
    const how = worker.stop(stopLimits);
    assert.equal((await running).kind, "computed");
    assert.equal(await how, "asked");
    assert.deepEqual(await worker.exited, { kind: "code", code: 0 });
  });

  it("is terminated after the grace time, and a task it still ran has died", async () => {
    const worker = await initialized();
    const running = worker.execute(taskOf("Sleep", 60));
    await delay(300);
    assert.equal(await worker.stop({ graceMs: 300, terminateMs: 5_000 }), "terminated");
    const outcome = await running;
    assert.equal(outcome.kind, "died");
    if (hasSignals) assert.deepEqual(outcome.exit, { kind: "signal", signal: "SIGTERM" });
  });

  it("is killed when it ignores both", async () => {
    const worker = await start(project.folder, "stubborn:runner");
    const startedAt = Date.now();
    const how = await worker.stop({ graceMs: 300, terminateMs: 300 });
    assert.equal(how, hasSignals ? "killed" : "terminated");
    assert.ok(Date.now() - startedAt < 5_000);
    if (hasSignals) assert.deepEqual(await worker.exited, { kind: "signal", signal: "SIGKILL" });
  });

  it("refuses to be initialised twice", async () => {
    await using worker = await initialized();
    await assert.rejects(worker.initialize({}), errorOf("worker-lost", /refused/));
  });
});
