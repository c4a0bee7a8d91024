/** A plan made on one day, and held to on another: real builds, the command line, a real control plane. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runPipeline } from "../../src/pipeline.ts";
import type { PlanInput } from "../../src/release/expected-plan.ts";
import { startRecord } from "../../src/report/record.ts";
import { stageDeps } from "../../src/stages/real-stages.ts";
import { silentLog } from "../support/builds.ts";
import { runSource } from "../support/cli-source.ts";
import { createRollOutStage, type RollOutStage } from "../support/roll-outs.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";

const clusters = ["tiles-dev", "tiles-north"];

describe("a plan that is held to", () => {
  let stage: RollOutStage;
  let project: ScratchProject;
  let folder: ScratchFolder;
  before(async () => {
    stage = await createRollOutStage(clusters);
    project = await createScratchProject("tiles");
    folder = await createScratchFolder();
  });
  after(async () => {
    await stage[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function run(command: string, ...args: readonly string[]) {
    const places = ["--dev-cluster", "tiles-dev", "--production-cluster", "tiles-north"];
    const all = [command, project.folder, "--api-url", stage.proxy.url, ...places, "--json", ...args];
    const { exitCode, stdout, stderr } = await runSource(all, {
      TILEBOX_API_KEY: "",
      WORKFLOW_RELEASE_CACHE: join(folder.path, "cache"),
    });
    return { exitCode, stderr, report: JSON.parse(stdout), stdout };
  }

  it("is made before anything is published, holds for the same content, and is refused when a cluster has moved", async () => {
    const first = await run("publish", "--create-workflow");
    assert.equal(first.exitCode, 0, first.stderr);
    const had = await stage.read(clusters);
    await project.edit({ "tiles.py": (text) => `${text}\nNEW = 1\n` });

    const planned = await run("plan");
    assert.equal(planned.exitCode, 0, planned.stderr);
    const { plan } = planned.report;
    assert.deepEqual(
      plan.clusters.map(({ change, after }: { change: string; after: { release: unknown } }) => [
        change,
        after.release,
      ]),
      [
        ["replace", null],
        ["replace", null],
      ],
    );
    assert.match(planned.stderr, new RegExp(`hash of this plan: ${plan.hash}`));
    assert.deepEqual(await stage.read(clusters), had);
    const { releases } = await stage.api.workflows.getWorkflow({ workflowSlug: "tiles" });
    assert.equal(releases.length, 1, "a plan published something");

    const held = await run("publish", "--plan", plan.hash);
    assert.equal(held.exitCode, 0, held.stderr);
    assert.equal(held.report.plan.hash, plan.hash);
    assert.notDeepEqual(await stage.read(clusters), had);

    await project.edit({ "tiles.py": (text) => `${text}\nNEWER = 1\n` });
    await folder.write({ "plan.json": (await run("plan")).stdout });
    const { id } = held.report.release;
    const old = had["tiles-north"] ?? "";
    await stage.set({ "tiles-north": { id: old, fingerprint: "", digest: "" } });
    const now = await stage.read(clusters);
    const refused = await run("publish", "--plan", join(folder.path, "plan.json"));
    assert.equal(refused.exitCode, 1);
    assert.equal(refused.report.failure.code, "plan-changed");
    const moved = refused.report.failure.problems.map(({ message }: { message: string }) => message);
    assert.ok(
      moved.includes(`clusters[tiles-north].before.release: planned ${id}, now ${old}`),
      moved.join("\n"),
    );
    assert.deepEqual(await stage.read(clusters), now);
  });

  it("is kept too by release: previous, which builds nothing and refuses nothing that it only shows", async () => {
    const before = await stage.read(["tiles-dev"]);
    const goBack = async (plan: PlanInput) => {
      const record = startRecord(0);
      const deps = stageDeps({
        ...{ log: silentLog, signal: new AbortController().signal, env: process.env },
        endsAtMs: Number.POSITIVE_INFINITY,
        source: { folder: project.folder, commit: undefined },
        outputFolder: () => join(folder.path, "output"),
        openCache: () => assert.fail("it looked for a build"),
      });
      const api = { url: stage.proxy.url, apiKey: undefined };
      await runPipeline(
        {
          ...{ projectFolder: project.folder, smokeTask: undefined, allow: new Map(), gates: [] },
          publish: {
            kind: "publish",
            why: "a test",
            api,
            createWorkflow: false,
            release: { kind: "previous" },
          },
          clusters: { dev: [{ kind: "slug", slug: "tiles-dev" }], production: [] },
          ...{ onFailure: undefined, plan },
        },
        record,
        { ...deps, packProject: () => assert.fail("it packed the project") },
      );
      return record;
    };
    const { planDocument } = await goBack({ kind: "only" });
    assert.deepEqual(await stage.read(["tiles-dev"]), before);
    const hash = planDocument?.hash ?? "";
    await assert.rejects(goBack({ kind: "hash", hash: hash.replaceAll(/[0-9]/g, "0") }), {
      code: "plan-changed",
    });
    const { deployments } = await goBack({ kind: "hash", hash });
    assert.equal(deployments.get("tiles-dev")?.outcome, "deployed");
    assert.equal(deployments.get("tiles-dev")?.before, before["tiles-dev"]);
    assert.notDeepEqual(await stage.read(["tiles-dev"]), before);
  });
});
