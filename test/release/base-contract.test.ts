/** The task contract of a pull request against its base: real git, and a real worker where it says so. */
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { contractOfNames, type TaskContract } from "../../src/engine/contract.ts";
import { runPipeline } from "../../src/pipeline.ts";
import type { Allowed } from "../../src/release/allowed.ts";
import type { BaseCommit } from "../../src/release/base-contract.ts";
import { compareWithBase } from "../../src/release/base-contract.ts";
import { startRecord } from "../../src/report/record.ts";
import { renderSummary } from "../../src/report/summary.ts";
import { stageDeps } from "../../src/stages/real-stages.ts";
import { silentLog } from "../support/builds.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";

const never = new AbortController().signal;

/** Of the one task that the file names: what is compared with is seen by its name. */
async function contractIn(folder: string): Promise<TaskContract> {
  const name = (await readFile(join(folder, "task.txt"), "utf8")).trim();
  return contractOfNames([{ name, version: "v1.0" }], "no worker was started");
}

async function compare(projectFolder: string, base: BaseCommit, limitMs?: number) {
  return await compareWithBase({
    base,
    projectFolder,
    contract: contractOfNames([], "none"),
    build: contractIn,
    signal: never,
    ...(limitMs === undefined ? {} : { limitMs }),
  });
}

/** The base's task was removed by this run: its name says which commit was built. */
function comparedTask(result: Awaited<ReturnType<typeof compare>>): string {
  if ("absent" in result) return result.absent;
  return result.findings.find(({ kind }) => kind === "task-removed")?.task ?? "none";
}

/** main: one, then moved; topic: from one, then changed; merged: GitHub's test merge of both. */
async function createHistory(): Promise<{ project: ScratchProject; base: BaseCommit; merge: string }> {
  const project = await createScratchProject("ignored", { "uv.lock": "", "task.txt": "one" });
  await project.git("checkout", "--quiet", "-b", "topic");
  await project.edit({ "topic.txt": "changed" });
  const head = await project.commit("Change");
  await project.git("checkout", "--quiet", "main");
  await project.edit({ "task.txt": "moved" });
  const tip = await project.commit("Move");
  await project.git("checkout", "--quiet", "-b", "merged");
  await project.git("merge", "--quiet", "--no-ff", "--no-edit", "topic");
  return {
    project,
    base: { name: "main", commit: tip, head },
    merge: await project.git("rev-parse", "HEAD"),
  };
}

describe("what a pull request is compared with", () => {
  it("is the base's tip for GitHub's test merge, in a checkout of that one commit", async () => {
    const { project, base } = await createHistory();
    await using _ = project;
    assert.equal(comparedTask(await compare(project.folder, base)), "moved");
    await using folder = await createScratchFolder();
    const clone = join(folder.path, "clone");
    await project.git("clone", "--quiet", "--depth=1", `file://${project.folder}`, clone);
    await project.git("config", "uploadpack.allowAnySHA1InWant", "true");
    // The event's base may be older than the merge: what counts is its first parent.
    const stale = { ...base, commit: "1".repeat(40) };
    assert.equal(comparedTask(await compare(clone, stale)), "moved");
    assert.equal(
      await project.git("-C", clone, "rev-list", "--count", "--all"),
      "1",
      "the checkout is as it was",
    );
    assert.equal(await project.git("-C", clone, "status", "--porcelain"), "");
  });

  it("is where the branch left its base, when the branch itself is checked out", async () => {
    const { project, base } = await createHistory();
    await using _ = project;
    await project.git("checkout", "--quiet", "topic");
    assert.equal(comparedTask(await compare(project.folder, base)), "one");
    assert.equal(comparedTask(await compare(project.folder, { name: "main", commit: "main" })), "one");
  });

  it("is said to be missing where it cannot be had", async () => {
    const { project, base } = await createHistory();
    await using _ = project;
    const nowhere = await compare(project.folder, { name: "main", commit: "1".repeat(40) });
    assert.match(comparedTask(nowhere), /main \(1{12}\) has no contract: .*no remote origin/);
    assert.match(
      comparedTask(await compare(project.folder, { name: "x", commit: "--help" })),
      /not in the checkout/,
    );
    await mkdir(join(project.folder, "new-project"));
    assert.match(comparedTask(await compare(join(project.folder, "new-project"), base)), /ENOENT/);
    assert.match(comparedTask(await compare(project.folder, base, 0)), /took longer than 0 s/);
  });

  it("fails the check with what breaks, by two real workers, and passes when that is allowed", async () => {
    await using project = await createScratchProject("tiles");
    await using folder = await createScratchFolder();
    const commit = await project.git("rev-parse", "HEAD");
    await project.edit({
      "tiles.py": (text) =>
        text
          .replace("    columns: int\n", "    columns: str\n")
          .replace("class Join(Task):\n    count: int", "class Join(Task):\n    total: int"),
    });
    const check = async (allow: Allowed) => {
      const record = startRecord(0);
      const deps = stageDeps({
        endsAtMs: Number.POSITIVE_INFINITY,
        source: { folder: project.folder, commit: undefined },
        log: silentLog,
        signal: never,
        outputFolder: () => join(folder.path, "output"),
        env: process.env,
        openCache: async () => ({ kind: "switched-off" }),
      });
      const publish = { kind: "build-only", why: "a test", base: { name: "main", commit } } as const;
      const clusters = { dev: [], production: [] };
      const run = runPipeline(
        {
          projectFolder: project.folder,
          publish,
          clusters,
          smokeTask: undefined,
          allow,
          gates: [],
          onFailure: undefined,
          plan: undefined,
        },
        record,
        deps,
      );
      const error = await run.then(
        () => undefined,
        (thrown: { code: string; problems: readonly { message: string }[] }) => thrown,
      );
      return { record, error };
    };
    const { record, error } = await check(new Map());
    assert.equal(error?.code, "contract-broken", JSON.stringify(record.contract));
    assert.deepEqual(
      error?.problems.map(({ message }) => message),
      ["tiles/Mosaic: the field columns: its type was int and is str"],
    );
    assert.deepEqual(
      record.contract?.checks[0]?.findings.map(({ kind, task }) => [kind, task]),
      [
        ["field-retyped", "tiles/Mosaic"],
        ["field-renamed", "tiles/Join"],
      ],
    );
    const allowed = await check(new Map([["breaking", "label"]]));
    assert.equal(allowed.error, undefined);
    assert.match(renderSummary(allowed.record), /allowed by the label `allow: breaking` of the pull request/);
  });
});
