import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiClient } from "../../src/api/client.ts";
import type { Build } from "../../src/build/build.ts";
import { SystemError, UserError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import { readClusters } from "../../src/release/cluster-calls.ts";
import { type ClusterOutcome, deployStage } from "../../src/release/deploy.ts";
import { planDeployment } from "../../src/release/deploy-plan.ts";
import { findRelease } from "../../src/release/find-release.ts";
import { systemGateWorld } from "../../src/release/gates/system-world.ts";
import { publishBuild } from "../../src/release/publish.ts";
import type { ReleaseApi } from "../../src/release/release-api.ts";
import { readStatus } from "../../src/release/status.ts";
import { createStopGrace } from "../../src/release/stop-grace.ts";
import { packOneFile } from "../support/archives.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { exampleBuild } from "../support/run-records.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

const silent: Log = { info() {}, notice() {}, warning() {}, group: (_, work) => work() };
const never = new AbortController().signal;
const publishing = { createWorkflow: true, signal: never, log: silent };

describe("publishing and deploying", () => {
  let controlPlane: TestControlPlane;
  let api: ApiClient;
  let folder: ScratchFolder;
  before(async () => {
    controlPlane = await startControlPlane();
    api = await controlPlane.client();
    folder = await createScratchFolder();
    for (const slug of ["dev-1", "dev-2", "prod-1"]) await api.workflows.createCluster({ name: slug, slug });
  });
  after(async () => {
    api[Symbol.dispose]();
    await controlPlane[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function build(slug: string, content: string, fingerprint: string): Promise<Build> {
    const packed = await packOneFile(folder, content);
    const archive = { path: packed.archivePath, sha256: packed.sha256, sizeBytes: packed.sizeBytes };
    return exampleBuild({ slug, digest: packed.digest, fingerprint: fingerprint.repeat(64), archive });
  }

  /** The real control plane behind a network that carries a call out and loses its answer. */
  function losingAnswersOf(method: "deployWorkflowRelease" | "publishWorkflowRelease"): ReleaseApi {
    const lost = async (request: never, options: never) => {
      await (api.workflows[method] as (request: never, options: never) => Promise<unknown>)(request, options);
      throw new SystemError("api-unreachable", "the connection was cut");
    };
    return { ...api, workflows: { ...api.workflows, [method]: lost } };
  }

  it("creates a workflow only when asked to", async () => {
    const first = await build("asked", "a", "1");
    await assert.rejects(publishBuild(api, first, { ...publishing, createWorkflow: false }), {
      code: "workflow-not-found",
    });
    assert.equal((await publishBuild(api, first, publishing)).outcome, "created");
  });

  it("publishes the same content once, and other content as another release", async () => {
    const one = await build("idempotent", "a", "1");
    const created = await publishBuild(api, one, publishing);
    assert.deepEqual(await publishBuild(api, one, publishing), { ...created, outcome: "reused" });
    const other = await publishBuild(api, await build("idempotent", "b", "1"), publishing);
    assert.notEqual(other.id, created.id);
    assert.equal((await findRelease(api, "idempotent", { kind: "latest" }, never)).id, other.id);
    assert.equal(
      (await findRelease(api, "idempotent", { kind: "id", id: created.id }, never)).digest,
      one.digest,
    );
    await assert.rejects(findRelease(api, "idempotent", { kind: "id", id: "newest" }, never), {
      code: "input-invalid",
    });
  });

  it("a lost answer leads to no second release", async () => {
    const one = await build("lost-publish", "a", "1");
    await assert.rejects(publishBuild(losingAnswersOf("publishWorkflowRelease"), one, publishing), {
      code: "api-unreachable",
    });
    assert.equal((await publishBuild(api, one, publishing)).outcome, "reused");
    const { releases } = await api.workflows.getWorkflow({ workflowSlug: "lost-publish" });
    assert.equal(releases.length, 1);
  });

  async function deploy(
    through: ReleaseApi,
    workflow: string,
    release: { id: string; fingerprint: string; digest: string },
  ) {
    const rollout = { dev: ["dev-1", "dev-2"], production: ["prod-1"] };
    const snapshot = await readClusters(through, workflow, rollout, never);
    const plan = planDeployment(rollout, snapshot, () => release);
    const outcomes: ClusterOutcome[] = [];
    const stage = (name: "dev" | "production") =>
      deployStage(through, workflow, plan, name, {
        reason: "deploy",
        commit: undefined,
        mayClaim: async () => false,
        gates: [],
        signal: never,
        grace: createStopGrace(never, systemGateWorld.sleep),
        sleep: systemGateWorld.sleep,
        report: (outcome) => outcomes.push(outcome),
        attempted() {},
      });
    return { plan, outcomes, stage };
  }

  it("deploys dev before production, says what each cluster had, and changes nothing the second time", async () => {
    const first = await publishBuild(api, await build("rollout", "a", "1"), publishing);
    const second = await publishBuild(api, await build("rollout", "b", "2"), publishing);
    const one = await deploy(api, "rollout", first);
    await one.stage("dev");
    assert.deepEqual(
      (await readStatus(api, "rollout", never)).flatMap(({ cluster, release }) =>
        release === first.id ? [cluster] : [],
      ),
      ["dev-1", "dev-2"],
    );
    await one.stage("production");
    const two = await deploy(api, "rollout", second);
    assert.deepEqual(
      two.plan.map(({ cluster, before, change }) => [cluster, before?.id, change]),
      ["dev-1", "dev-2", "prod-1"].map((cluster) => [cluster, first.id, "replace"]),
    );
    await two.stage("dev");
    await two.stage("production");
    assert(
      two.outcomes.every(
        ({ before, after, outcome }) => before === first.id && after === second.id && outcome === "deployed",
      ),
    );
    const again = await deploy(api, "rollout", second);
    await again.stage("dev");
    assert.deepEqual(
      again.outcomes.map(({ outcome }) => outcome),
      ["unchanged", "unchanged"],
    );
  });

  it("a lost answer is settled by reading back", async () => {
    const release = await publishBuild(api, await build("lost-deploy", "a", "1"), publishing);
    const run = await deploy(losingAnswersOf("deployWorkflowRelease"), "lost-deploy", release);
    await run.stage("dev");
    assert.deepEqual(
      run.outcomes.map(({ outcome }) => outcome),
      ["deployed", "deployed"],
    );
  });

  it("names every cluster that does not exist before anything is changed", async () => {
    await assert.rejects(
      readClusters(api, "rollout", { dev: ["dev-1", "nowhere"], production: ["gone"] }, never),
      (error) => {
        assert(error instanceof Error && "problems" in error);
        assert.deepEqual(error.problems, [
          { message: "cluster nowhere does not exist" },
          { message: "cluster gone does not exist" },
        ]);
        return true;
      },
    );
  });

  it("passes on why the control plane refused, when nothing changed", async () => {
    const release = await publishBuild(api, await build("refused", "a", "1"), publishing);
    const run = await deploy(api, "refused", release);
    await api.workflows.unpublishWorkflowRelease({
      workflowSlug: "refused",
      releaseId: (await api.workflows.getWorkflow({ workflowSlug: "refused" })).releases[0]?.id,
    });
    await assert.rejects(run.stage("dev"), { code: "release-not-found" });
    assert.deepEqual(
      run.outcomes.map(({ cluster, outcome }) => [cluster, outcome]),
      [["dev-1", "failed"]],
    );
  });

  it("leaves a cluster alone that somebody else deployed to meanwhile, and stops there", async () => {
    const older = await publishBuild(api, await build("overtaken", "a", "1"), publishing);
    const release = await publishBuild(api, await build("overtaken", "b", "2"), publishing);
    const racing: ReleaseApi = {
      ...api,
      workflows: {
        ...api.workflows,
        async deployWorkflowRelease(request, options) {
          const answer = await api.workflows.deployWorkflowRelease(request, options);
          if (request.clusterSlugs?.[0] !== "dev-1") return answer;
          const { releases } = await api.workflows.getWorkflow({ workflowSlug: "overtaken" });
          await api.workflows.deployWorkflowRelease({
            workflowSlug: "overtaken",
            releaseId: releases[1]?.id,
            clusterSlugs: ["dev-2"],
          });
          return answer;
        },
      },
    };
    const run = await deploy(racing, "overtaken", release);
    await assert.rejects(run.stage("dev"), (error) => {
      assert(error instanceof UserError && error.code === "deployment-changed");
      assert.match(error.message, new RegExp(`^dev-2 has release ${older.id}, which is neither`));
      return true;
    });
    assert.deepEqual(
      run.outcomes.map(({ cluster, outcome }) => [cluster, outcome]),
      [
        ["dev-1", "deployed"],
        ["dev-2", "taken-over"],
      ],
    );
  });
});
