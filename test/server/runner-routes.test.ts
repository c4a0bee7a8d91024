import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import type { KnownRunner, RunnerReport } from "../../src/api/runner-calls.ts";
import { idFromBytes, parseId } from "../../src/engine/id.ts";
import { ReleaseError } from "../../src/errors.ts";
import { packOneFile } from "../support/archives.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

let server: TestControlPlane;
let folder: ScratchFolder;
let admin: HttpApiClient;
let runner: HttpApiClient;

before(async () => {
  server = await startControlPlane();
  folder = await createScratchFolder();
  admin = await clientWith(await server.createKey("admin"));
  runner = await clientWith(await server.createKey("runner"));
});

after(async () => {
  for (const api of [admin, runner]) api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
  assert.deepEqual(server.failures, []);
});

const clientWith = (apiKey: string) => createApiClient({ url: server.url, apiKey, env: {} });

function reportOf(changes: Partial<RunnerReport> = {}): RunnerReport {
  return {
    id: randomUUID(),
    cluster: "",
    version: "1.2.3",
    concurrency: 4,
    tasks: 1,
    releases: [],
    workerKeySha256: "0".repeat(64),
    stopped: false,
    ...changes,
  };
}

async function listRunners(query = ""): Promise<KnownRunner[]> {
  const response = await fetch(`${server.url}/runners${query}`, {
    headers: { authorization: `Bearer ${await server.createKey("runner")}` },
  });
  assert.equal(response.status, 200);
  return ((await response.json()) as { runners: KnownRunner[] }).runners;
}

describe("a runner that reports", () => {
  it("is listed under its cluster's slug with what it has loaded, until it says that it stops", async () => {
    const id = parseId<"release">(randomUUID());
    assert.ok(id);
    const releases = [{ id, workflow: "tiles", state: "broken", reason: "uv is missing" }] as const;
    const report = reportOf({ releases });
    await runner.reportRunner(report);
    const { slug } = await runner.workflows.getCluster({ clusterSlug: "" });
    const [listed] = await listRunners(`?cluster=${slug}`);
    assert.equal(listed?.id, report.id);
    assert.equal(listed.cluster, slug);
    assert.deepEqual(listed.releases, releases);
    assert.deepEqual(await listRunners("?cluster=elsewhere"), []);
    await runner.reportRunner({ ...report, stopped: true });
    assert.deepEqual(await listRunners(), []);
  });

  it("lends its workers a key that may run and report but not deploy, also when its own key may", async () => {
    const secret = randomBytes(32).toString("base64url");
    const worker = await clientWith(secret);
    await assert.rejects(worker.workflows.listClusters({}), errorOf("unauthenticated"));
    const report = reportOf({ workerKeySha256: createHash("sha256").update(secret).digest("hex") });
    await admin.reportRunner(report);
    await worker.workflows.listClusters({});
    await assert.rejects(worker.workflows.createCluster({ name: "mine" }), errorOf("permission-denied"));
    // It could lend itself another key, which would outlive its runner's.
    await assert.rejects(worker.reportRunner(reportOf()), errorOf("permission-denied", /worker of/));
    await admin.reportRunner({ ...report, stopped: true });
    await assert.rejects(worker.workflows.listClusters({}), errorOf("unauthenticated"));
    worker[Symbol.dispose]();
  });

  it("cannot be spoken for with another key", async () => {
    const report = reportOf({ version: "mine" });
    await runner.reportRunner(report);
    for (const stopped of [false, true]) {
      const foreign = admin.reportRunner({ ...report, version: "theirs", stopped });
      if (stopped) await foreign;
      else await assert.rejects(foreign, errorOf("permission-denied", /another API key/));
    }
    assert.deepEqual(
      (await listRunners()).map(({ id, version }) => [id, version]),
      [[report.id, "mine"]],
    );
    await runner.reportRunner({ ...report, stopped: true });
  });

  it("says no more than is kept of it", async () => {
    const broken = (reason: string) => {
      const id = parseId<"release">(randomUUID()) ?? assert.fail();
      return { id, workflow: "tiles", state: "broken" as const, reason };
    };
    const many = Array.from({ length: 300 }, () => broken("why ".repeat(100)));
    await assert.rejects(
      runner.reportRunner(reportOf({ releases: [...many, broken("")] })),
      errorOf("request-invalid", /at most 300 releases/),
    );
    const report = reportOf({ releases: many });
    await runner.reportRunner(report);
    const [listed] = await listRunners();
    assert.equal(listed?.releases.length, 300);
    assert.match(listed.releases[0]?.reason ?? "", /^why why/);
    assert.ok(JSON.stringify(listed.releases).length < 64 * 1024);
    await runner.reportRunner({ ...report, stopped: true });
  });

  it("hears everything that is wrong with a report", async () => {
    const report = reportOf({ id: "7", concurrency: -1, workerKeySha256: "" });
    await assert.rejects(runner.reportRunner(report), (error: unknown) => {
      assert.ok(error instanceof ReleaseError && error.code === "request-invalid");
      assert.deepEqual(
        error.problems.map(({ file }) => file),
        ["id", "concurrency", "workerKeySha256"],
      );
      return true;
    });
    await assert.rejects(runner.reportRunner(reportOf({ cluster: "none" })), errorOf("cluster-not-found"));
  });
});

describe("waiting for a change of deployments", () => {
  it("ends with the change, and at once for a revision that is not the present one", async () => {
    const api = admin.workflows;
    await api.createCluster({ name: "watched", slug: "watched" });
    const { slug: workflowSlug } = await api.createWorkflow({ name: "tiles" });
    const seen = await runner.awaitDeploymentChange("watched", undefined);
    const waiting = runner.awaitDeploymentChange("watched", seen);
    const early = await Promise.race([waiting.then(() => "changed"), pause(100)]);
    assert.equal(early, "paused");
    const archive = await packOneFile(folder, "x = 1");
    const { artifactId } = await admin.uploadArtifact(archive);
    const content = {
      fingerprint: "f".repeat(64),
      tasks: [{ name: "a", version: "v1.0" }],
      runnerObjectPath: "a:b",
    };
    const release = await api.publishWorkflowRelease({
      workflowSlug,
      artifactId: { uuid: artifactId },
      content,
    });
    assert.ok(release.id && idFromBytes(release.id.uuid));
    await api.deployWorkflowRelease({ workflowSlug, releaseId: release.id, clusterSlugs: ["watched"] });
    assert.notEqual(await waiting, seen);
    assert.notEqual(await runner.awaitDeploymentChange("watched", seen), seen);
  });

  it("ends when the control plane stops", async () => {
    const other = await startControlPlane();
    const api = await createApiClient({ url: other.url, apiKey: await other.createKey("runner"), env: {} });
    const seen = await api.awaitDeploymentChange("", undefined);
    const waiting = api.awaitDeploymentChange("", seen).catch(() => "cut");
    await pause(50);
    const startedAtMs = performance.now();
    await other.plane.close(5_000);
    await waiting;
    assert.ok(performance.now() - startedAtMs < 4_000, "it was not kept waiting by the request");
    api[Symbol.dispose]();
    await other[Symbol.asyncDispose]();
  });
});

function pause(ms: number): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, ms, "paused"));
}
