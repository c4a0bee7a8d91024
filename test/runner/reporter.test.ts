import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { createApiClient } from "../../src/api/client.ts";
import type { Cluster } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import { Reporter } from "../../src/runner/reporter.ts";
import { systemTime } from "../../src/runner/time.ts";
import { watchDeployments } from "../../src/runner/watch-deployments.ts";
import { packOneFile } from "../support/archives.ts";
import { startControlPlane } from "../support/control-plane.ts";
import { serveForeign } from "../support/foreign-server.ts";
import { HeldTime } from "../support/held-time.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const report = (stopped: boolean) => ({
  id: randomUUID(),
  cluster: "",
  version: "1.0.0",
  concurrency: 1,
  tasks: 0,
  releases: [],
  workerKeySha256: "0".repeat(64),
  stopped,
});

describe("a control plane that is not of this product", () => {
  for (const status of [404, 401, 405]) {
    it(`takes no reports and tells of no change (HTTP ${status}), which is asked once`, async () => {
      await using server = await serveForeign((_request, response) => response.writeHead(status).end());
      using api = await createApiClient({ url: server.url, apiKey: undefined, env: {} });
      const reporter = new Reporter({ api, time: systemTime, report });
      const never = new AbortController().signal;
      assert.equal(await reporter.begin(never, () => assert.fail("not an outage")), false);
      assert.deepEqual(server.requests, ["POST /runners"]);
      await assert.rejects(api.awaitDeploymentChange("it", undefined));
    });
  }
});

describe("watching deployments", () => {
  it("looks when the control plane tells of a change, without its own time having passed", async () => {
    await using server = await startControlPlane();
    await using folder = await createScratchFolder();
    using admin = await server.client("admin");
    using runner = await createApiClient({
      url: server.url,
      apiKey: await server.createKey("runner"),
      env: {},
    });
    await admin.workflows.createCluster({ name: "watched", slug: "watched" });
    const { slug: workflowSlug } = await admin.workflows.createWorkflow({ name: "tiles" });
    const stop = new AbortController();
    const deployed = Promise.withResolvers<void>();
    const deps = {
      api: runner,
      // It never passes: no look but the first is due.
      time: new HeldTime(),
      random: () => 0.5,
      onCluster: ({ deployedReleases }: Cluster) => {
        if (deployedReleases.length > 0) deployed.resolve();
      },
      onError: (error: Error) => deployed.reject(error),
    };
    const watching = watchDeployments("watched", deps, stop.signal);
    const { artifactId } = await admin.uploadArtifact(await packOneFile(folder, "x = 1"));
    const content = {
      fingerprint: "f".repeat(64),
      tasks: [{ name: "a", version: "v1.0" }],
      runnerObjectPath: "a:b",
    };
    const { id: releaseId } = await admin.workflows.publishWorkflowRelease({
      workflowSlug,
      artifactId: { uuid: artifactId },
      content,
    });
    assert.ok(releaseId);
    await admin.workflows.deployWorkflowRelease({ workflowSlug, releaseId, clusterSlugs: ["watched"] });
    await deployed.promise;
    stop.abort();
    await watching;
  });
});
