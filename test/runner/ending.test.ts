import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { JobState, TaskState } from "../../src/api/gen/workflows/v1/core_pb.ts";
import { exitCodes } from "../../src/exit-codes.ts";
import { type RunnerProcess, startRunnerProcess } from "../support/runner-process.ts";
import { createRunnerStage, type RunnerStage } from "../support/runner-stage.ts";
import { effectsFile, readEffects } from "../support/unruly.ts";
import { assertNothingLeft } from "../support/workers.ts";

let stage: RunnerStage;

before(async () => {
  stage = await createRunnerStage();
});

after(() => stage[Symbol.asyncDispose]());

const dataFolder = () => join(stage.folder, "runner");
const start = (cluster: string, ...args: string[]): RunnerProcess =>
  startRunnerProcess({
    url: stage.server.url,
    apiKey: stage.runnerKey,
    cluster,
    dataFolder: dataFolder(),
    args,
  });

/** A runner that has one task under way. */
async function busyRunner(cluster: string, seconds: number) {
  await stage.cluster(cluster, stage.release);
  const runner = start(cluster);
  const effects = effectsFile(stage.folder);
  const job = await stage.submit(cluster, "Note", { effects, label: "it", seconds });
  await runner.event("task-started");
  while ((await readEffects(effects)).length === 0) await delay(20);
  return { runner, job, effects };
}

describe("a runner that is told to end", () => {
  it("finishes what it runs, claims no more, and ends well", async () => {
    const { runner, job, effects } = await busyRunner("drained", 2);
    await using _runner = runner;
    const next = await stage.submit("drained", "Note", { effects, label: "next", seconds: 0 });
    runner.signal("SIGINT");
    assert.equal(await runner.exited, exitCodes.ok, runner.log());
    assert.equal((await stage.end(job, 1_000)).state, JobState.COMPLETED);
    assert.equal((await stage.rootTask(next)).state, TaskState.QUEUED);
    await assertNothingLeft(dataFolder());
  });

  it("gives back what it runs when it is told twice, and is gone within two seconds", async () => {
    const { runner, job } = await busyRunner("quit", 60);
    await using _runner = runner;
    runner.signal("SIGTERM");
    await runner.event("stopping");
    const toldAtMs = performance.now();
    runner.signal("SIGTERM");
    assert.equal(await runner.exited, exitCodes.interrupted, runner.log());
    assert.ok(performance.now() - toldAtMs < 2_000);
    const task = await stage.rootTask(job);
    assert.equal(task.state, TaskState.QUEUED);
    assert.equal(task.retryCount, 0n);
    await assertNothingLeft(dataFolder());
  });

  it("ends at once when it has nothing to do", async () => {
    await stage.cluster("idle", stage.release);
    await using runner = start("idle");
    await runner.event("worker-ready");
    const toldAtMs = performance.now();
    runner.signal("SIGTERM");
    assert.equal(await runner.exited, exitCodes.ok, runner.log());
    assert.ok(performance.now() - toldAtMs < 3_000);
  });
});

describe("a runner that is killed", () => {
  it("leaves no process behind, and its task is run elsewhere when the lease has ended", async () => {
    const { runner, job, effects } = await busyRunner("killed", 8);
    await using _runner = runner;
    runner.signal("SIGKILL");
    assert.equal(await runner.exited, "SIGKILL");
    await assertNothingLeft(dataFolder(), 5_000);
    await using again = start("killed", "--stop-when-idling");
    await again.event("worker-ready");
    // The one that was killed asked for its data folder alone: the lock ended with it.
    assert.equal((await stage.rootTask(job)).state, TaskState.RUNNING);
    await again.exited;
    await using last = start("killed");
    assert.equal((await stage.end(job, 40_000)).state, JobState.COMPLETED);
    assert.equal((await readEffects(effects)).filter(({ kind }) => kind === "begin").length, 2);
    last.signal("SIGINT");
    await last.exited;
  });
});

describe("a runner that cannot run", () => {
  it("says that another one has its data folder", async () => {
    await stage.cluster("locked", stage.release);
    await using first = start("locked");
    await first.event("started");
    await using second = start("locked");
    assert.equal(await second.exited, exitCodes.system);
    assert.match(second.log(), /is in use by another runner/);
  });

  it("ends when the control plane refuses its key or its cluster", async () => {
    await using nowhere = start("nowhere");
    assert.equal(await nowhere.exited, exitCodes.failed, nowhere.log());
    await using keyless = startRunnerProcess({
      url: stage.server.url,
      apiKey: "wrong",
      cluster: "idle",
      dataFolder: dataFolder(),
    });
    assert.equal(await keyless.exited, exitCodes.failed, keyless.log());
    assert.match(keyless.log(), /API key is unknown/);
  });
});

describe("the figures of a runner", () => {
  it("are served in Prometheus' format", async () => {
    await stage.cluster("figures", stage.release);
    await using runner = start("figures", "--metrics", "127.0.0.1:0");
    await runner.event("worker-ready");
    const job = await stage.submit("figures", "Note", {
      effects: effectsFile(stage.folder),
      label: "x",
      seconds: 0,
    });
    await stage.end(job);
    await runner.event("task-ended");
    const url = /Metrics at (\S+)/.exec(runner.log())?.[1] ?? "";
    const text = await (await fetch(url)).text();
    assert.match(
      text,
      /^workflow_release_runner_task_seconds_count\{workflow="unruly",outcome="computed"\} 1$/m,
    );
    assert.match(text, /^workflow_release_runner_releases\{state="ready"\} 1$/m);
    assert.match(text, /^workflow_release_runner_concurrency 1$/m);
  });
});
