import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { changeHeaders } from "../../src/api/change-headers.ts";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import { idToBytes, type ReleaseId } from "../../src/engine/id.ts";
import { firstKnown } from "../../src/release/deployment-records.ts";
import { historyRecords } from "../../src/release/history-records.ts";
import { addCluster, addWorkflow, publish } from "../store/samples.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { serveForeign } from "../support/foreign-server.ts";

const run = { repository: "acme/tiles", commit: "c".repeat(40), actor: "anna", run: { id: 7, attempt: 1 } };
const never = new AbortController().signal;

let server: TestControlPlane;
let api: HttpApiClient;
const releases: ReleaseId[] = [];

before(async () => {
  server = await startControlPlane();
  const { store } = server.plane;
  await addCluster(store, "dev");
  const workflow = await addWorkflow(store, "tiles");
  for (const name of ["1", "2", "3"]) releases.push(await publish(store, workflow, name));
  api = await createApiClient({ url: server.url, apiKey: await server.createKey("admin"), run, env: {} });
});
after(async () => {
  api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

async function deploy(index: number, reason: "deploy" | "rollback" = "deploy"): Promise<void> {
  await api.workflows.deployWorkflowRelease(
    { workflowSlug: "tiles", releaseId: { uuid: idToBytes(idAt(index)) }, clusterSlugs: ["dev"] },
    { headers: changeHeaders(api.run, { reason, gates: ["ready"] }) },
  );
}

const idAt = (index: number): ReleaseId => releases[index] ?? assert.fail();

async function gate(index: number, outcome: "passed" | "failed"): Promise<void> {
  const reported = { workflow: "tiles", cluster: "dev", release: idAt(index), gate: "ready" } as const;
  await api.recordGate({ ...reported, outcome, message: outcome, tookMs: 5 }, { ...run, reason: "deploy" });
}

describe("records from the history", () => {
  it("say how each deployment of a cluster ended, with the gates since then", async () => {
    const records = historyRecords(api, never);
    assert.deepEqual(await records.list("tiles", "dev"), []);
    await deploy(0);
    await gate(0, "passed");
    await deploy(1);
    await gate(1, "failed");
    await deploy(0, "rollback");
    await gate(0, "failed");
    await gate(0, "passed");
    const told = (await records.list("tiles", "dev")).map((record) => [
      ...[releases.map(String).indexOf(record.release), record.outcome, record.reason],
      record.gates.map(({ outcome }) => outcome).join(),
    ]);
    assert.deepEqual(told, [
      [0, "succeeded", "rollback", "passed,failed"],
      [1, "rolled-back", "deploy", "failed"],
      [0, "superseded", "deploy", "passed"],
    ]);
    const found = await records.find("tiles", "dev", idAt(0));
    assert.ok(found);
    const { atMs, gates, ...facts } = found;
    assert.ok(Math.abs(atMs - Date.now()) < 60_000);
    assert.equal(gates.length, 2);
    assert.deepEqual(facts, {
      ...{ workflow: "tiles", cluster: "dev", release: idAt(0), before: idAt(1), outcome: "succeeded" },
      ...{ ...run, reason: "rollback", plannedGates: ["ready"], key: "admin-1" },
    });
    assert.equal((await records.find("tiles", "dev", idAt(1)))?.outcome, "rolled-back");
    assert.equal(await records.find("tiles", "dev", idAt(2)), undefined);
  });

  it("are none where the control plane keeps no history, so that the next source is asked", async () => {
    await using foreign = await serveForeign((_request, response) => response.writeHead(404).end());
    using other = await createApiClient({ url: foreign.url, apiKey: "k", env: {} });
    const unknown = historyRecords(other, never);
    assert.deepEqual(await unknown.list("tiles", "dev"), []);
    const both = firstKnown([unknown, historyRecords(api, never)]);
    assert.equal((await both.list("tiles", "dev")).length, 3);
    assert.equal((await both.find("tiles", "dev", idAt(0)))?.reason, "rollback");
    assert.equal(await both.find("tiles", "dev", idAt(2)), undefined);
  });
});
