import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { JobState, TaskState } from "../../src/api/gen/workflows/v1/core_pb.ts";
import { taskInput } from "../../src/jobs/input.ts";
import { readLogs } from "../../src/jobs/logs.ts";
import { submitJob } from "../../src/jobs/submit.ts";
import { processesWith } from "../support/process-list.ts";
import { createRunnerStage, type RunnerStage } from "../support/runner-stage.ts";
import { effectsFile, readEffects } from "../support/unruly.ts";

let stage: RunnerStage;

before(async () => {
  stage = await createRunnerStage();
});

after(() => stage[Symbol.asyncDispose]());

const begun = async (effects: string, label: string) =>
  (await readEffects(effects)).filter((effect) => effect.kind === "begin" && effect.label === label).length;

describe("a release runner", () => {
  it("runs a job of the release that is deployed to its cluster, several tasks at once", async () => {
    const cluster = await stage.cluster("runs", stage.release);
    await using runner = await stage.runner(cluster, { concurrency: 3 });
    const effects = effectsFile(stage.folder);
    const job = await stage.end(await stage.submit(cluster, "Tree", { effects, width: 6, seconds: 0.3 }));
    assert.equal(job.state, JobState.COMPLETED);
    const seen = await readEffects(effects);
    const ends = seen.filter(({ kind }) => kind === "end").map(({ label }) => label);
    assert.deepEqual(ends.toSorted(), ["last", "leaf0", "leaf1", "leaf2", "leaf3", "leaf4", "leaf5"]);
    assert.equal(ends.at(-1), "last");
    let atOnce = 0;
    let most = 0;
    for (const { kind } of seen) {
      atOnce += kind === "begin" ? 1 : -1;
      most = Math.max(most, atOnce);
    }
    assert.equal(most, 3);
    runner.runner.drain("the test is over");
    await runner.runner.ended;
  });

  it("runs no more tasks at once than one worker takes", async () => {
    const cluster = await stage.cluster("bounded", stage.release);
    await using _runner = await stage.runner(cluster, { concurrency: 8, limits: { tasksPerWorker: 2 } });
    const effects = effectsFile(stage.folder);
    await stage.end(await stage.submit(cluster, "Tree", { effects, width: 6, seconds: 0.2 }));
    let atOnce = 0;
    for (const { kind } of await readEffects(effects)) {
      atOnce += kind === "begin" ? 1 : -1;
      assert.ok(atOnce <= 2);
    }
  });

  it("ends when there is nothing to run, where it is told to", async () => {
    const cluster = await stage.cluster("batch", stage.release);
    const effects = effectsFile(stage.folder);
    const job = await stage.submit(cluster, "Tree", { effects, width: 4, seconds: 0.1 });
    await using runner = await stage.runner(cluster, { stopWhenIdling: true, concurrency: 2 });
    await runner.runner.ended;
    assert.equal((await stage.end(job, 1_000)).state, JobState.COMPLETED);
  });

  it("reports a task that raises as the worker does, and does not end for it", async () => {
    const cluster = await stage.cluster("raises", stage.release);
    await using runner = await stage.runner(cluster);
    const effects = effectsFile(stage.folder);
    const job = await stage.submit(cluster, "Misbehave", { effects, how: "raise_error" }, 2);
    assert.equal((await stage.end(job)).state, JobState.FAILED);
    assert.equal(await begun(effects, "raise_error"), 3);
    assert.match((await stage.rootTask(job)).display, /ValueError\('on purpose'\)/);
    assert.equal(runner.events.filter(({ kind }) => kind === "worker-died").length, 0);
  });
});

describe("a worker of before 0.64", () => {
  it("runs tasks, and its logs reach the control plane", async () => {
    const tasks = [{ name: "counting/Count", version: "v0.3" }];
    const entrypoint = { kind: "runner", objectPath: "counting:runner" } as const;
    const legacy = await stage.publish("legacy", {}, { workflow: "counting", entrypoint, tasks });
    const cluster = await stage.cluster("legacy", legacy);
    await using runner = await stage.runner(cluster);
    // The release's v0.3 runs what was submitted as v0.1.
    const job = await submitJob(
      stage.admin,
      {
        name: "count",
        task: { name: "counting/Count", version: "v0.1" },
        input: taskInput("2", "it"),
        cluster,
        maxRetries: 0,
      },
      (sizeBytes) => randomBytes(sizeBytes),
      new AbortController().signal,
    );
    assert.equal((await stage.end(job)).state, JobState.COMPLETED);
    runner.runner.drain("the test is over");
    await runner.runner.ended;
    assert.ok(job.id);
    const query = { jobId: job.id, taskId: undefined, limit: 10 };
    const lines = await readLogs(stage.admin, query, new AbortController().signal);
    assert.equal(lines.filter(({ message }) => message === "Counted").length, 3);
  });
});

describe("tasks that are claimed ahead while tasks are short", () => {
  it("go back to the queue when the one before them takes long, and run when it is their turn", async () => {
    const cluster = await stage.cluster("ahead", stage.release);
    await using runner = await stage.runner(cluster);
    const effects = effectsFile(stage.folder);
    const short = await stage.submit(cluster, "Tree", { effects, width: 60, seconds: 0 });
    assert.equal((await stage.end(short)).state, JobState.COMPLETED);
    const long = await stage.submit(cluster, "Note", { effects, label: "long", seconds: 3 });
    await runner.event("task-started", ({ task }) => task.job?.name === "Note");
    const behind = await stage.submit(cluster, "Note", { effects, label: "behind", seconds: 0 });
    const { task } = await runner.event("task-handed-back");
    assert.ok(task.job?.id && behind.id && Buffer.from(task.job.id.uuid).equals(behind.id.uuid));
    // It is told a moment after it is decided.
    while ((await stage.rootTask(behind)).state !== TaskState.QUEUED) await delay(20);
    for (const job of [long, behind]) assert.equal((await stage.end(job)).state, JobState.COMPLETED);
    assert.equal(runner.events.filter(({ kind }) => kind === "task-handed-back").length, 1);
    assert.equal(await begun(effects, "behind"), 1);
  });
});

describe("a task that kills its worker", () => {
  it("fails with what the worker ended with and said last, as often as it may be tried; the next one runs", async () => {
    const cluster = await stage.cluster("dies", stage.release);
    await using runner = await stage.runner(cluster);
    const effects = effectsFile(stage.folder);
    const job = await stage.submit(cluster, "Misbehave", { effects, how: "exit_process" }, 1);
    assert.equal((await stage.end(job)).state, JobState.FAILED);
    assert.equal(await begun(effects, "exit_process"), 2);
    const { display } = await stage.rootTask(job);
    assert.match(
      display,
      /The worker ended with code 7 while it ran this task\.\n.*last words of the worker/s,
    );
    const next = await stage.end(
      await stage.submit(cluster, "Note", { effects, label: "after", seconds: 0 }),
    );
    assert.equal(next.state, JobState.COMPLETED);
    assert.equal(runner.events.filter(({ kind }) => kind === "worker-died").length, 2);
  });

  it("fails alone: what ran beside it is run again and completes", async () => {
    const cluster = await stage.cluster("guilty", stage.release);
    await using runner = await stage.runner(cluster, { concurrency: 3 });
    const effects = effectsFile(stage.folder);
    const note = (label: string) => stage.submit(cluster, "Note", { effects, label, seconds: 1.5 });
    const innocent = [await note("one"), await note("two")];
    await runner.event("task-started", ({ task }) => task.job?.name === "Note");
    while ((await begun(effects, "one")) + (await begun(effects, "two")) < 2) await delay(20);
    const guilty = await stage.submit(cluster, "Misbehave", { effects, how: "crash" });
    assert.equal((await stage.end(guilty)).state, JobState.FAILED);
    for (const job of innocent) assert.equal((await stage.end(job)).state, JobState.COMPLETED);
    assert.match((await stage.rootTask(guilty)).display, /ended with signal SIGSEGV while it ran this task/);
    assert.equal(await begun(effects, "crash"), 2, "once beside the others, once alone");
    for (const job of innocent) assert.equal((await stage.rootTask(job)).retryCount, 0n);
  });

  it("is tried once more when it was a signal that people send", async () => {
    const cluster = await stage.cluster("terminated", stage.release);
    await using _runner = await stage.runner(cluster);
    const effects = effectsFile(stage.folder);
    const job = await stage.submit(cluster, "Misbehave", { effects, how: "terminate" });
    assert.equal((await stage.end(job)).state, JobState.FAILED);
    assert.equal(await begun(effects, "terminate"), 2);
  });
});

describe("a task that never ends", () => {
  for (const how of ["sys_exit", "hold_interpreter"]) {
    it(`is failed at its time limit (${how}), and another worker takes what follows`, async () => {
      const cluster = await stage.cluster(how.replace("_", "-"), stage.release);
      await using runner = await stage.runner(cluster, { limits: { taskMs: 1_000 } });
      const effects = effectsFile(stage.folder);
      const job = await stage.submit(cluster, "Misbehave", { effects, how });
      const next = await stage.submit(cluster, "Note", { effects, label: "next", seconds: 0 });
      assert.equal((await stage.end(job)).state, JobState.FAILED);
      assert.match((await stage.rootTask(job)).display, /Ran longer than 1 s and was stopped/);
      assert.equal((await stage.end(next)).state, JobState.COMPLETED);
      await runner.event("worker-left");
    });
  }

  it("does not cost the task that runs beside it", async () => {
    const cluster = await stage.cluster("beside", stage.release);
    await using _runner = await stage.runner(cluster, { concurrency: 2, limits: { taskMs: 3_000 } });
    const effects = effectsFile(stage.folder);
    const stuck = await stage.submit(cluster, "Misbehave", { effects, how: "sys_exit" });
    while ((await begun(effects, "sys_exit")) === 0) await delay(20);
    await delay(2_000);
    const beside = await stage.submit(cluster, "Note", { effects, label: "beside", seconds: 2 });
    assert.equal((await stage.end(stuck)).state, JobState.FAILED);
    assert.equal((await stage.end(beside)).state, JobState.COMPLETED);
    assert.equal(await begun(effects, "beside"), 1, "it ran once, in the worker that was left for it");
  });
});

describe("a task that harms its worker's surroundings", () => {
  it("completes, and so does the next one: forking, flooding pipes, closing them", async () => {
    const cluster = await stage.cluster("harm", stage.release);
    await using runner = await stage.runner(cluster);
    const effects = effectsFile(stage.folder);
    // In one worker: what has been closed cannot be flooded.
    for (const how of ["fork", "flood", "close_pipes"]) {
      const job = await stage.end(await stage.submit(cluster, "Misbehave", { effects, how }));
      assert.equal(job.state, JobState.COMPLETED, how);
      const next = await stage.submit(cluster, "Note", { effects, label: `after ${how}`, seconds: 0 });
      assert.equal((await stage.end(next)).state, JobState.COMPLETED, how);
    }
    runner.runner.drain("the test is over");
    await runner.runner.ended;
    assert.deepEqual(processesWith(runner.folder), []);
  });
});
