/** A run goes on while the worker of its build ends, and waits for that end last. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runPipeline } from "../../src/pipeline.ts";
import { startRecord } from "../../src/report/record.ts";
import type { RunPlan } from "../../src/run-plan.ts";
import { stageDeps } from "../../src/stages/real-stages.ts";
import { silentLog } from "../support/builds.ts";
import { processesWith } from "../support/process-list.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";

const threads = /^The worker did not end within 3 s of being asked and was (killed|terminated): .* threads/;

describe("a run whose worker does not end when it is asked", { concurrency: 1 }, () => {
  let project: ScratchProject;

  before(async () => {
    project = await createScratchProject("mischief", {
      "tilebox.workflow.toml": (text) => text.replace("mischief:runner", "stubborn:runner"),
    });
  });
  after(async () => await project[Symbol.asyncDispose]());

  const plan = (): RunPlan => ({
    ...{ projectFolder: project.folder, allow: new Map(), gates: [], onFailure: undefined, plan: undefined },
    ...{ clusters: { dev: [], production: [] }, smokeTask: undefined },
    publish: { kind: "build-only", why: "a test" },
  });

  function newRun() {
    const mark = randomUUID();
    const aborting = new AbortController();
    const record = startRecord(0);
    const deps = stageDeps({
      ...{ log: silentLog, signal: aborting.signal, env: { ...process.env, RUN_OF_A_TEST: mark } },
      endsAtMs: Number.POSITIVE_INFINITY,
      source: { folder: project.folder, commit: undefined },
      outputFolder: () => join(project.folder, ".workflow-release"),
      openCache: async () => ({ kind: "unlocked" }),
    });
    return { mark, aborting, record, deps };
  }

  it("has its build first, its notice last, and leaves nothing", async () => {
    const { mark, record, deps } = newRun();
    let builtWith: readonly string[] | undefined;
    await runPipeline(plan(), record, {
      ...deps,
      build: async (...packed) => {
        const built = await deps.build(...packed);
        builtWith = built.build.notices;
        return built;
      },
    });
    assert.deepEqual(builtWith, []);
    assert.equal(record.notices.length, 1);
    assert.match(record.notices[0] ?? "", threads);
    assert.deepEqual(processesWith(mark), []);
  });

  it("says so, too, when a later stage fails", async () => {
    const { mark, record, deps } = newRun();
    const failure = new Error("a later stage failed");
    const failing = runPipeline(plan(), record, {
      ...deps,
      build: async (...packed) => {
        await deps.build(...packed);
        throw failure;
      },
    });
    await assert.rejects(failing, failure);
    assert.match(record.notices.join("\n"), threads);
    assert.deepEqual(processesWith(mark), []);
  });

  it("kills it when the run is cancelled meanwhile, without a word of threads", async () => {
    const { mark, aborting, record, deps } = newRun();
    const cancelled = runPipeline(plan(), record, {
      ...deps,
      build: async (...packed) => {
        await deps.build(...packed);
        if (process.platform === "linux") assert.notDeepEqual(processesWith(mark), []);
        aborting.abort(new Error("cancelled"));
        throw aborting.signal.reason;
      },
    });
    await assert.rejects(cancelled, /^Error: cancelled$/);
    assert.deepEqual(record.notices, []);
    assert.deepEqual(processesWith(mark), []);
  });
});
