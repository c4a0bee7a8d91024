/** Control plane and runner are killed at random instants while a job runs: nothing of it is lost. */
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createApiClient } from "../../src/api/client.ts";
import { JobState } from "../../src/api/gen/workflows/v1/core_pb.ts";
import { submitJob } from "../../src/jobs/submit.ts";
import { createKey } from "../../src/server/auth.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { deployRelease, publishProject } from "../support/deployed-release.ts";
import { createFixedControlPlane } from "../support/fixed-control-plane.ts";
import { type RunnerProcess, startRunnerProcess } from "../support/runner-process.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject } from "../support/scratch-project.ts";
import { type Effect, effectsFile, readEffects, unruly } from "../support/unruly.ts";
import { assertNothingLeft } from "../support/workers.ts";

const branches = 50;
const kills = 4;
/** A lease lasts 15 s, and a task may be lost with its runner more than once. */
const patienceMs = 180_000;

test(`${kills} kills of the control plane and of the runner: a job of ${branches * 10 + 1} tasks completes`, async (t) => {
  await using scratch = await createScratchFolder();
  const dataFolder = join(scratch.path, "plane");
  const apiKey = await makeKey(dataFolder);
  await using plane = await createFixedControlPlane(dataFolder);
  using api = await createApiClient({ url: plane.url, apiKey, env: {} });
  await api.workflows.createCluster({ name: "sweep", slug: "sweep" });
  await using project = await createScratchProject("unruly");
  await deployRelease(api, await publishProject(api, project, unruly), "sweep");
  const runnerFolder = join(scratch.path, "runner");
  const start = (): RunnerProcess =>
    startRunnerProcess({
      url: plane.url,
      apiKey,
      cluster: "sweep",
      dataFolder: runnerFolder,
      args: ["--concurrency", "3"],
    });
  let runner = start();
  await runner.event("worker-ready");

  const effects = effectsFile(scratch.path);
  const input = new Uint8Array(Buffer.from(JSON.stringify({ effects, branches })));
  const task = { name: "unruly/Forest", version: "v1.0" };
  const job = { name: "sweep", task, input, cluster: "sweep", maxRetries: 0 };
  const { id: jobId } = await submitJob(
    api,
    job,
    (sizeBytes) => randomBytes(sizeBytes),
    new AbortController().signal,
  );
  assert.ok(jobId);
  const killedAt: string[] = [];
  /** Numbers of effects at which every worker until then was dead. */
  const deadAt: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const waitMs = randomInt(200, 1_500);
    await delay(waitMs);
    killedAt.push(`${waitMs} ms, after ${(await readEffects(effects)).length} effects`);
    if (kill % 2 === 0) {
      await plane.kill();
      await plane.start();
    } else {
      runner.signal("SIGKILL");
      await runner.exited;
      await assertNothingLeft(runnerFolder, 5_000);
      deadAt.push((await readEffects(effects)).length);
      runner = start();
      await runner.event("worker-ready");
    }
  }
  t.diagnostic(`killed ${killedAt.join("; ")}`);
  let state: JobState = JobState.UNSPECIFIED;
  for (
    const endMs = Date.now() + patienceMs;
    Date.now() < endMs && state !== JobState.COMPLETED;
    await delay(200)
  ) {
    state = (await api.jobs.getJob({ jobId })).state;
    assert.notEqual(state, JobState.FAILED);
  }
  assert.equal(state, JobState.COMPLETED);
  runner.signal("SIGINT");
  await runner.exited;
  const seen = await readEffects(effects);
  requireEffects(seen);
  requireOneAtATime(seen, deadAt);
});

/** Nobody begins a task that a worker which still lives has begun and not ended. */
function requireOneAtATime(effects: readonly Effect[], deadAt: readonly number[]): void {
  const open = new Map<string, number>();
  effects.forEach(({ kind, label }, index) => {
    if (kind !== "begin") {
      open.delete(label);
      return;
    }
    const begun = open.get(label);
    const died = begun === undefined || deadAt.some((dead) => begun < dead && dead <= index);
    assert.ok(died, `${label} was run by two workers at once (effects ${begun} and ${index})`);
    open.set(label, index);
  });
}

/** Every task's effect is there, and what waits for others came after them. */
function requireEffects(effects: readonly Effect[]): void {
  const firstEnd = new Map<string, number>();
  effects.forEach(({ kind, label }, index) => {
    if (kind === "end" && !firstEnd.has(label)) firstEnd.set(label, index);
  });
  for (let branch = 0; branch < branches; branch++) {
    const joined = effects.findIndex(({ kind, label }) => kind === "begin" && label === `branch${branch}`);
    assert.ok(joined >= 0, `branch${branch} was lost`);
    for (let leaf = 0; leaf < 8; leaf++) {
      const label = `wobbly${branch * 8 + leaf}`;
      const end = firstEnd.get(label);
      assert.ok(end !== undefined, `${label} was lost`);
      assert.ok(end < joined, `branch${branch} did not wait for ${label}`);
    }
  }
}

async function makeKey(dataFolder: string): Promise<string> {
  const random = (sizeBytes: number) => randomBytes(sizeBytes);
  const store = await openSqliteStore({ dataFolder, clock: Date.now, random, role: "command" });
  const { secret } = await createKey(store.keys, { name: "sweep", role: "admin" }, random);
  await store.close();
  return secret;
}
