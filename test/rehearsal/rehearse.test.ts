import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Build } from "../../src/build/build.ts";
import { taskInput } from "../../src/jobs/input.ts";
import { eachTask } from "../../src/jobs/tree.ts";
import { type RehearsalOptions, rehearsalLimits, rehearse } from "../../src/rehearsal/rehearse.ts";
import { buildScratch, silentLog } from "../support/builds.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { effectsFile, readEffects } from "../support/unruly.ts";
import { assertNothingLeft } from "../support/workers.ts";

let scratch: ScratchFolder;
let temporary: ScratchFolder;
/** The archives lie in them. */
let projects: { readonly tiles: ScratchProject; readonly unruly: ScratchProject };
let builds: { readonly tiles: Build; readonly unruly: Build };
const usualTemporary = process.env.TMPDIR;

before(async () => {
  scratch = await createScratchFolder();
  temporary = await createScratchFolder();
  projects = { tiles: await createScratchProject("tiles"), unruly: await createScratchProject("unruly") };
  builds = { tiles: await buildScratch(projects.tiles), unruly: await buildScratch(projects.unruly) };
  // What a rehearsal leaves behind can be found by its folder.
  process.env.TMPDIR = temporary.path;
});

after(async () => {
  if (usualTemporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usualTemporary;
  for (const owned of [temporary, projects.tiles, projects.unruly]) await owned[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

function run(built: Build, name: string, input: unknown, changes: Partial<RehearsalOptions> = {}) {
  const [task = "", version = "v1.0"] = name.split("@");
  return rehearse({
    build: built,
    task: { name: task, version, input: taskInput(JSON.stringify(input) ?? "", "the input") },
    limits: rehearsalLimits,
    env: process.env,
    log: silentLog,
    signal: new AbortController().signal,
    ...changes,
  });
}

async function assertGone(): Promise<void> {
  await assertNothingLeft(temporary.path);
  for (const endMs = Date.now() + 10_000; (await readdir(temporary.path)).length > 0; await delay(50)) {
    assert.ok(Date.now() < endMs, `still there: ${await readdir(temporary.path)}`);
  }
}

describe("a rehearsal", () => {
  it("runs a job of the artifact to its end and shows its tasks", async () => {
    const result = await run(builds.tiles, "tiles/Mosaic@v1.0", { columns: 3, rows: 2 });
    assert.equal(result.outcome, "completed");
    assert.deepEqual(result.task, { name: "tiles/Mosaic", version: "v1.2" });
    const tasks = [...eachTask(result.tree.roots)].map(({ task, depth }) => [
      depth,
      task.display,
      task.state,
    ]);
    assert.deepEqual(tasks[0], [0, "Mosaic", "computed"]);
    assert.equal(tasks.length, 1 + 6 + 2);
    assert.ok(tasks.every(([, , state]) => state === "computed"));
    assert.deepEqual(result.failures, []);
    await assertGone();
  });

  it("shows a failed task's traceback in the project's own files and lines", async () => {
    const effects = effectsFile(scratch.path);
    const result = await run(builds.unruly, "unruly/Misbehave", { effects, how: "raise_error" });
    assert.equal(result.outcome, "failed");
    const [failure] = result.failures;
    assert.equal(failure?.summary, "ValueError: on purpose");
    assert.match(failure.traceback, /^ {2}File "unruly\.py", line \d+, in raise_error$/m);
    assert.equal(failure.place?.file, "unruly.py");
    const raisedAt = /line (\d+), in raise_error/.exec(failure.traceback)?.[1];
    assert.equal(failure.place.line, Number(raisedAt));
    await assertGone();
  });

  it("says of a task that killed its worker what it ended with", async () => {
    const effects = effectsFile(scratch.path);
    const result = await run(builds.unruly, "unruly/Misbehave", { effects, how: "crash" });
    assert.equal(result.outcome, "failed");
    assert.match(result.failures[0]?.summary ?? "", /^The worker ended with signal SIGSEGV/);
    await assertGone();
  });

  it("goes on when an optional task fails, and tells of it", async () => {
    const result = await run(builds.tiles, "tiles/Mosaic", { columns: 17, rows: 1 });
    assert.equal(result.outcome, "completed");
    assert.deepEqual(
      result.failures.map(({ summary }) => summary),
      ["ValueError: a preview holds 16 tiles, not 17"],
    );
  });

  it("is over when what is left can never run, and says what that is", async () => {
    const summon = { name: "unruly/Summon", version: "v1.0", input: taskInput("", "the input") };
    const result = await run(builds.unruly, "unruly/Summon", undefined, { task: summon });
    assert.equal(result.outcome, "stalled");
    assert.deepEqual(
      result.waiting.map(({ name, reasons }) => [name, reasons.length]),
      [["unruly/Ghost", 1]],
    );
    assert.match(
      result.waiting[0]?.reasons[0] ?? "",
      /no release on the cluster \S+ has a task unruly\/Ghost/,
    );
    await assertGone();
  });

  it("is over when its time is, with what was done until then", async () => {
    const effects = effectsFile(scratch.path);
    const limits = { ...rehearsalLimits, totalMs: 6_000 };
    const result = await run(builds.unruly, "unruly/Note", { effects, label: "x", seconds: 120 }, { limits });
    assert.equal(result.outcome, "timed-out");
    await assertGone();
  });

  it("ends at once when it is stopped", async () => {
    const effects = effectsFile(scratch.path);
    const stop = new AbortController();
    const rehearsing = run(
      builds.unruly,
      "unruly/Note",
      { effects, label: "x", seconds: 120 },
      { signal: stop.signal },
    );
    while ((await readEffects(effects)).length === 0) await delay(20);
    const stoppedAtMs = performance.now();
    stop.abort(new Error("stopped by the test"));
    await assert.rejects(rehearsing, /stopped by the test/);
    assert.ok(performance.now() - stoppedAtMs < 3_000);
    await assertGone();
  });

  it("does not start for a task that the build does not have", async () => {
    await assert.rejects(
      run(builds.tiles, "tiles/Mosiac@v1.0", {}),
      errorOf("input-invalid", /no task tiles\/Mosiac@v1\.0/),
    );
    await assert.rejects(run(builds.tiles, "tiles/Mosaic@v2.0", {}), errorOf("input-invalid"));
    await assertGone();
  });
});
