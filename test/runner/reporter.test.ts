import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { createApiClient } from "../../src/api/client.ts";
import { Reporter } from "../../src/runner/reporter.ts";
import { systemTime } from "../../src/runner/time.ts";
import { watchDeployments } from "../../src/runner/watch-deployments.ts";
import { startControlPlane } from "../support/control-plane.ts";
import { serveForeign } from "../support/foreign-server.ts";

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
  it("looks at once when something was deployed, and not again before its time otherwise", async () => {
    await using server = await startControlPlane();
    using api = await server.plane.connect("test");
    using runner = await createApiClient({
      url: server.url,
      apiKey: await server.createKey("runner"),
      env: {},
    });
    const { slug } = await api.workflows.createCluster({ name: "watched", slug: "watched" });
    const stop = new AbortController();
    let looks = 0;
    const watching = watchDeployments(
      slug,
      {
        api: runner,
        time: systemTime,
        random: () => 0.5,
        onCluster: () => void looks++,
        onError: (error) => assert.fail(error),
      },
      stop.signal,
    );
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.ok(looks >= 1 && looks <= 2, `${looks} looks`);
    stop.abort();
    await watching;
  });
});
