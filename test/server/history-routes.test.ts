import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { changeHeaders } from "../../src/api/change-headers.ts";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import type { GateReport, HistoryLine } from "../../src/api/history-calls.ts";
import { idToBytes, type ReleaseId } from "../../src/engine/id.ts";
import { type Provenance, provenanceHeader } from "../../src/engine/provenance.ts";
import { addCluster, addWorkflow, publish } from "../store/samples.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { errorOf } from "../support/errors.ts";
import { serveForeign } from "../support/foreign-server.ts";

const run = {
  repository: "acme/tiles",
  commit: "c".repeat(40),
  ref: "refs/heads/grün",
  run: { id: 7, attempt: 2, url: "https://github.com/acme/tiles/actions/runs/7" },
  actor: "anna",
};

let server: TestControlPlane;
let admin: HttpApiClient;
let apiKey: string;
let first: ReleaseId;
let second: ReleaseId;

before(async () => {
  server = await startControlPlane();
  const { store } = server.plane;
  await addCluster(store, "dev");
  await addCluster(store, "prod");
  const workflow = await addWorkflow(store, "tiles");
  first = await publish(store, workflow, "1");
  second = await publish(store, workflow, "2");
  apiKey = await server.createKey("admin");
  admin = await createApiClient({ url: server.url, apiKey, run, env: {} });
});

after(async () => {
  admin[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  assert.deepEqual(server.failures, []);
});

const deployRequest = (release: ReleaseId, ...clusterSlugs: string[]) => ({
  workflowSlug: "tiles",
  releaseId: { uuid: idToBytes(release) },
  clusterSlugs,
});

async function newest(query: Parameters<HttpApiClient["readHistory"]>[0] = {}): Promise<HistoryLine> {
  const page = await admin.readHistory({ ...query, limit: 1 });
  return page?.entries[0] ?? assert.fail("the history is empty");
}

describe("a change", () => {
  it("is told with its key, its time and the run that it came from", async () => {
    const beforeMs = Date.now();
    await admin.workflows.deployWorkflowRelease(deployRequest(first, "dev"));
    const { sequence, atMs, ...line } = await newest();
    assert.ok(sequence > 0 && atMs >= beforeMs);
    assert.deepEqual(line, {
      ...{ key: "admin-1", workflow: "tiles", kind: "deploy", cluster: "dev", before: null, after: first },
      provenance: { ...run, reason: "deploy" },
    });
    await admin.workflows.undeployWorkflowRelease(deployRequest(first, "dev"), {
      headers: changeHeaders(admin.run, { reason: "rollback", gates: ["smoke"] }),
    });
    const undone = await newest();
    assert.deepEqual(undone.provenance, { ...run, reason: "rollback", gates: ["smoke"] });
    assert.deepEqual("before" in undone && [undone.before, undone.after], [first, null]);
  });

  it("without a word about its run is told too", async () => {
    using plain = await createApiClient({ url: server.url, apiKey, env: {} });
    await plain.workflows.deployWorkflowRelease(deployRequest(first, "prod"), { headers: {} });
    assert.ok(!("provenance" in (await newest())));
  });

  it("is refused when what it says cannot be read, and nothing is changed", async () => {
    const { sequence } = await newest();
    for (const header of ["{", '{"reason":"fun"}', `{"reason":"deploy","ref":"${"x".repeat(3_000)}"}`]) {
      await assert.rejects(
        admin.workflows.deployWorkflowRelease(deployRequest(second, "dev"), {
          headers: { [provenanceHeader]: header },
        }),
        errorOf("request-invalid", /workflow-release-provenance/),
      );
    }
    assert.equal((await newest()).sequence, sequence);
  });

  it("is refused when somebody else was faster", async () => {
    const expecting = (expected: ReadonlyMap<string, string | undefined>) => ({
      headers: changeHeaders(run, { reason: "deploy", expected }),
    });
    const request = deployRequest(second, "dev", "prod");
    const stale = expecting(
      new Map([
        ["dev", undefined],
        ["prod", undefined],
      ]),
    );
    await assert.rejects(
      admin.workflows.deployWorkflowRelease(request, stale),
      (error: Error & { readonly problems?: readonly { readonly message: string }[] }) =>
        errorOf("deployment-changed", /nothing was changed/)(error) &&
        error.problems?.[0]?.message === `prod: has ${first}, not no release`,
    );
    const { clusters } = await admin.workflows.deployWorkflowRelease(
      request,
      expecting(new Map([["prod", first]])),
    );
    assert.equal(clusters.length, 2);
    // A lost answer makes a client send it again.
    await admin.workflows.deployWorkflowRelease(request, expecting(new Map([["prod", first]])));
  });

  it("is refused when what it expects cannot be read or is of a cluster that it does not name", async () => {
    const withExpectation = (value: string) =>
      admin.workflows.deployWorkflowRelease(deployRequest(first, "dev"), {
        headers: { "workflow-release-expects": value },
      });
    for (const value of ["[]", "1", "{", '{"dev":1}', '{"dev":"x"}', '{"d v":null}', '{"prod":null}']) {
      await assert.rejects(
        withExpectation(value),
        errorOf("request-invalid", /workflow-release-expects/),
        value,
      );
    }
  });
});

describe("GET /history", () => {
  it("has filters and pages, and its pages hang together", async () => {
    const all = (await admin.readHistory({ workflow: "tiles", limit: 1_000 }))?.entries ?? [];
    assert.ok(all.length > 5);
    const paged: HistoryLine[] = [];
    for (let before: number | null | undefined; before !== null; ) {
      const page = await admin.readHistory({ workflow: "tiles", limit: 2, before });
      assert.ok(page !== undefined && page.entries.length <= 2);
      paged.push(...page.entries);
      before = page.next;
    }
    assert.deepEqual(paged, all);
    const ofProd = await admin.readHistory({ cluster: "prod", release: first });
    assert.deepEqual(
      ofProd?.entries.map((line) => "after" in line && [line.before, line.after]),
      [
        [first, second],
        [null, first],
      ],
    );
    assert.deepEqual(await admin.readHistory({ workflow: "nobody" }), { entries: [], next: null });
  });

  it("refuses what is no filter, for readers and runners alike", async () => {
    const runnerKey = await server.createKey("runner");
    const get = (query: string) =>
      fetch(`${server.url}/history?${query}`, { headers: { authorization: `Bearer ${runnerKey}` } });
    assert.equal((await get("limit=1")).status, 200);
    for (const query of [
      "workflo=tiles",
      "limit=0",
      "limit=1001",
      "limit=x",
      "before=-1",
      "release=1",
      "cluster=",
    ]) {
      assert.equal((await get(query)).status, 400, query);
    }
    assert.equal((await fetch(`${server.url}/history`)).status, 401);
  });

  it("is read in process as over a socket", async () => {
    using local = await server.plane.connect("local");
    assert.deepEqual(await local.readHistory({ limit: 3 }), await admin.readHistory({ limit: 3 }));
  });

  it("is unknown where the server has none", async () => {
    await using foreign = await serveForeign((_request, response) => response.writeHead(404).end());
    using api = await createApiClient({ url: foreign.url, apiKey: "k", env: {} });
    assert.equal(await api.readHistory({}), undefined);
    assert.equal(await api.recordGate(gateOf(), provenance), false);
  });
});

const provenance: Provenance = { ...run, reason: "deploy" };
const gateOf = (changes: Partial<GateReport> = {}): GateReport => ({
  ...{ workflow: "tiles", cluster: "prod", release: second, gate: "smoke", outcome: "failed" },
  ...{ reason: "task-failed", message: "1 of 2 tasks failed: größer", tookMs: 1_200 },
  ...changes,
});

describe("POST /history/gates", () => {
  it("adds what a gate said to the history of its workflow, cluster and release", async () => {
    assert.equal(await admin.recordGate(gateOf({ message: "x".repeat(5_000) }), provenance), true);
    const { sequence: _, atMs: __, ...line } = await newest({ release: second, cluster: "prod" });
    assert.deepEqual(line, {
      ...gateOf({ message: "x".repeat(2_000) }),
      ...{ kind: "gate", key: "admin-1", provenance },
    });
    using local = await server.plane.connect("local");
    const { reason: __2, ...passed } = gateOf({ outcome: "passed", gate: "ready" });
    assert.equal(await local.recordGate(passed, provenance), true);
    assert.equal((await newest()).key, "local");
  });

  it("refuses a result that is not whole, of another release, or from a key that may not deploy", async () => {
    const { sequence } = await newest();
    const refuses = (gate: object, error: ReturnType<typeof errorOf>) =>
      assert.rejects(admin.recordGate(gate as GateReport, provenance), error, JSON.stringify(gate));
    const malformed = errorOf("request-invalid", /cannot be read/);
    await refuses(gateOf({ gate: "luck" as "ready" }), malformed);
    await refuses(gateOf({ outcome: "maybe" as "passed" }), malformed);
    await refuses(gateOf({ reason: "Not A Word" }), malformed);
    await refuses(gateOf({ tookMs: -1 }), malformed);
    await refuses(gateOf({ cluster: "no slug" }), malformed);
    await refuses(gateOf({ release: "1" }), malformed);
    await refuses({ ...gateOf(), jobs: [] }, malformed);
    await refuses({ message: "" }, malformed);
    await refuses(gateOf({ workflow: "nobody" }), errorOf("workflow-not-found"));
    await refuses(gateOf({ cluster: "nowhere" }), errorOf("cluster-not-found"));
    await refuses(gateOf({ release: "0192f0c1-2d3e-7f4a-8b5c-6d7e8f901234" }), errorOf("release-not-found"));
    using runner = await server.client("runner");
    await assert.rejects(runner.recordGate(gateOf(), provenance), errorOf("permission-denied"));
    const raw = await fetch(`${server.url}/history/gates`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}` },
      body: "x".repeat(20_000),
    });
    assert.equal(raw.status, 400);
    assert.equal((await newest()).sequence, sequence);
  });
});
