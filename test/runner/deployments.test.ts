import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { JobState } from "../../src/api/gen/workflows/v1/core_pb.ts";
import type { KnownRunner } from "../../src/api/runner-calls.ts";
import { deployRelease, type MadeRelease, undeployRelease } from "../support/deployed-release.ts";
import { createRunnerStage, type RunnerStage } from "../support/runner-stage.ts";
import { effectsFile, readEffects, unruly } from "../support/unruly.ts";

let stage: RunnerStage;
let second: MadeRelease;

before(async () => {
  stage = await createRunnerStage();
  const edits = { "unruly.py": (text: string) => text.replace('RELEASE = "first"', 'RELEASE = "second"') };
  second = await stage.publish("unruly", edits, unruly);
});

after(() => stage[Symbol.asyncDispose]());

const other = (edits: Parameters<RunnerStage["publish"]>[1], workflow: string, tasks = unruly.tasks) =>
  stage.publish("unruly", edits, { ...unruly, workflow, tasks });

const begun = async (effects: string, label: string) => {
  while (!(await readEffects(effects)).some((effect) => effect.label === label)) await delay(10);
};

async function knownRunners(cluster: string): Promise<KnownRunner[]> {
  const response = await fetch(`${stage.server.url}/runners?cluster=${cluster}`, {
    headers: { authorization: `Bearer ${stage.runnerKey}` },
  });
  return ((await response.json()) as { runners: KnownRunner[] }).runners;
}

describe("deploying another release", () => {
  it("lets what the old worker runs finish there while the new one takes what follows", async () => {
    const cluster = await stage.cluster("replaced", stage.release);
    await using runner = await stage.runner(cluster, { concurrency: 2 });
    const effects = effectsFile(stage.folder);
    const running = await stage.submit(cluster, "Note", { effects, label: "old", seconds: 4 });
    await begun(effects, "old");
    await deployRelease(stage.admin, second, cluster);
    const draining = await runner.event("release-draining", ({ why }) => why === "replaced");
    // The other lane has asked for a task too, and has none.
    assert.equal(draining.tasks, 1);
    const next = await stage.submit(cluster, "Note", { effects, label: "new", seconds: 0 });
    assert.equal((await stage.end(next)).state, JobState.COMPLETED);
    assert.equal((await stage.end(running)).state, JobState.COMPLETED);
    const releases = (await readEffects(effects)).map(({ label, release }) => `${label} ${release}`);
    assert.deepEqual(new Set(releases), new Set(["old first", "new second"]));
    await runner.event("release-gone", ({ release }) => release.id === stage.release.id);
    // A change is reported a moment after it happened.
    const reported = async () => {
      const [known] = await knownRunners(cluster);
      return known?.releases.map(({ id, state }) => `${id} ${state}`).join();
    };
    while ((await reported()) !== `${second.id} ready`) await delay(20);
  });

  it("lets a failed job go on from where it failed", async () => {
    const mended = await stage.publish(
      "unruly",
      { "unruly.py": (text) => text.replace('raise ValueError("on purpose")', "pass") },
      unruly,
    );
    const cluster = await stage.cluster("mended", stage.release);
    await using runner = await stage.runner(cluster);
    const effects = effectsFile(stage.folder);
    const job = await stage.submit(cluster, "Misbehave", { effects, how: "raise_error" });
    assert.equal((await stage.end(job)).state, JobState.FAILED);
    await deployRelease(stage.admin, mended, cluster);
    await runner.event("worker-ready", ({ release }) => release.id === mended.id);
    assert.ok(job.id);
    await stage.admin.jobs.retryJob({ jobId: job.id });
    assert.equal((await stage.end(job)).state, JobState.COMPLETED);
  });
});

describe("undeploying", () => {
  it("stops new claims and lets the worker go", async () => {
    const cluster = await stage.cluster("undeployed", stage.release);
    await using runner = await stage.runner(cluster);
    await runner.event("worker-ready");
    await undeployRelease(stage.admin, stage.release, cluster);
    await runner.event("release-gone");
    const job = await stage.submit(cluster, "Note", {
      effects: effectsFile(stage.folder),
      label: "x",
      seconds: 0,
    });
    await delay(1_500);
    assert.ok(job.id);
    assert.equal((await stage.admin.jobs.getJob({ jobId: job.id })).state, JobState.SUBMITTED);
  });
});

describe("a release that cannot be loaded", () => {
  const broken: readonly [name: string, edits: Parameters<RunnerStage["publish"]>[1], expected: RegExp][] = [
    ["import", { "unruly.py": "import nowhere_to_be_found\n" }, /No module named 'nowhere_to_be_found'/],
    ["lock", { "uv.lock": "version = 1\n" }, /uv sync --locked.*ended with code/s],
    [
      "tasks",
      {
        "unruly.py": (text: string) => text.replace(/tasks=\[.*\]/, "tasks=[Note]"),
      },
      /other tasks than the release was published with/,
    ],
  ];
  for (const [name, edits, expected] of broken) {
    it(`is reported once, left alone for a while, and disturbs no other workflow (${name})`, async () => {
      const bad = await other(
        edits,
        `broken-${name}`,
        unruly.tasks.map((task) => ({ ...task, version: "v2.0" })),
      );
      const cluster = await stage.cluster(`broken-${name}`, bad, stage.release);
      await using runner = await stage.runner(cluster);
      const { error, againInMs } = await runner.event(
        "release-broken",
        ({ release }) => release.id === bad.id,
      );
      assert.match(`${error.message} ${error.problems.map(({ message }) => message).join()}`, expected);
      assert.ok(againInMs > 20_000);
      const effects = effectsFile(stage.folder);
      const job = await stage.submit(cluster, "Note", { effects, label: "x", seconds: 0 });
      assert.equal((await stage.end(job)).state, JobState.COMPLETED);
      assert.equal(runner.events.filter(({ kind }) => kind === "release-broken").length, 1);
      const reported = async () => {
        const [known] = await knownRunners(cluster);
        return known?.releases.find(({ id }) => id === bad.id);
      };
      while ((await reported())?.state !== "broken") await delay(20);
      assert.equal((await reported())?.reason, error.message);
      if (name === "import") {
        runner.runner.drain("the test is over");
        await runner.runner.ended;
      }
    });
  }

  it("makes a runner that stops when idle end with its failure", async () => {
    const bad = await other({ "unruly.py": "raise SystemExit(3)\n" }, "broken-batch");
    const cluster = await stage.cluster("broken-batch", bad);
    await using runner = await stage.runner(cluster, { stopWhenIdling: true });
    await assert.rejects(runner.runner.ended, /The worker ended with code 3 before it was ready/);
  });
});

describe("tasks that two workflows have", () => {
  it("are not offered, which is said once; the others are", async () => {
    const tasks = [{ name: "unruly/Note", version: "v1.7" }];
    const text = (whole: string) =>
      whole.replace('"unruly/Note", "v1.0"', '"unruly/Note", "v1.7"').replace(/tasks=\[.*\]/, "tasks=[Note]");
    const rival = await other({ "unruly.py": text }, "rival", tasks);
    const cluster = await stage.cluster("ambiguous", stage.release, rival);
    await using runner = await stage.runner(cluster);
    const { ambiguous } = await runner.event("tasks-ambiguous");
    assert.deepEqual(ambiguous, [{ name: "unruly/Note", major: 1, workflows: ["rival", "unruly"] }]);
    const effects = effectsFile(stage.folder);
    const offered = await stage.submit(cluster, "Misbehave", { effects, how: "raise_error" });
    assert.equal((await stage.end(offered)).state, JobState.FAILED);
    const held = await stage.submit(cluster, "Note", { effects, label: "x", seconds: 0 });
    await undeployRelease(stage.admin, rival, cluster);
    assert.equal((await stage.end(held)).state, JobState.COMPLETED);
    assert.equal(runner.events.filter(({ kind }) => kind === "tasks-ambiguous").length, 1);
  });
});

describe("the folder of a release", () => {
  it("is used again by the next runner, and made anew when its files are not what they were", async () => {
    const cluster = await stage.cluster("folders", stage.release);
    const prepared = async () => {
      await using runner = await stage.runner(cluster);
      await runner.event("worker-ready");
      return runner.events.some(({ kind }) => kind === "environment-ready");
    };
    await prepared();
    assert.equal(await prepared(), false);
    const files = join(stage.folder, "runner", "releases", stage.release.digest, "files");
    await writeFile(join(files, "unruly.py"), "raise SystemExit('changed')\n");
    assert.equal(await prepared(), true);
    await rm(join(files, "unruly.py"));
    assert.equal(await prepared(), true);
  });

  it("is removed when it is not used and takes more than its share", async () => {
    const cluster = await stage.cluster("bounded-disk", stage.release);
    await using runner = await stage.runner(cluster, { maxBytes: 1 });
    await runner.event("worker-ready");
    await deployRelease(stage.admin, second, cluster);
    await runner.event("worker-ready", ({ release }) => release.id === second.id);
    await runner.event("release-gone", ({ release }) => release.id === stage.release.id);
    await runner.event("folder-removed", ({ digest }) => digest === stage.release.digest);
    assert.ok(
      !runner.events.some((event) => event.kind === "folder-removed" && event.digest === second.digest),
    );
  });
});
