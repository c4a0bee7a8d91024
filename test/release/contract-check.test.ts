/** Deployed contracts and open jobs, on a real control plane. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { ApiClient } from "../../src/api/client.ts";
import type { ContractField, TaskContract } from "../../src/engine/contract.ts";
import { submitJob } from "../../src/jobs/submit.ts";
import type { Allowed } from "../../src/release/allowed.ts";
import { readClusters } from "../../src/release/cluster-calls.ts";
import { checkDeployedContracts } from "../../src/release/contract-check.ts";
import { planDeployment } from "../../src/release/deploy-plan.ts";
import { systemGateWorld } from "../../src/release/gates/system-world.ts";
import { publishBuild } from "../../src/release/publish.ts";
import { startRecord } from "../../src/report/record.ts";
import { renderSummary } from "../../src/report/summary.ts";
import { rollOut } from "../../src/stages/roll-out.ts";
import { packOneFile } from "../support/archives.ts";
import { silentLog } from "../support/builds.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { exampleBuild } from "../support/run-records.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

const never = new AbortController().signal;
const field = (name: string, type = "int"): ContractField => ({ name, type, required: true });

function contractOf(version: string, fields: readonly ContractField[]): TaskContract {
  const task = { name: "tiles/Mosaic", version, className: "Mosaic" };
  return { tasks: [{ ...task, input: { kind: "fields", fields } }], records: [] };
}

describe("a release against what clusters have", () => {
  let controlPlane: TestControlPlane;
  let api: ApiClient;
  let folder: ScratchFolder;
  before(async () => {
    controlPlane = await startControlPlane();
    api = await controlPlane.client();
    folder = await createScratchFolder();
  });
  after(async () => {
    api[Symbol.dispose]();
    await controlPlane[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
    assert.deepEqual(controlPlane.failures, []);
  });

  async function publish(slug: string, contract: TaskContract) {
    const content = randomBytes(9).toString("hex");
    const { digest, archivePath: path, sha256, sizeBytes } = await packOneFile(folder, content);
    const build = exampleBuild({
      ...{ slug, digest, contract, archive: { path, sha256, sizeBytes } },
      fingerprint: createHash("sha256").update(content).digest("hex"),
      tasks: contract.tasks.map(({ name, version }) => ({ name, version })),
    });
    return await publishBuild(api, build, { createWorkflow: true, signal: never, log: silentLog });
  }

  async function deploy(
    workflow: string,
    release: Awaited<ReturnType<typeof publish>>,
    { allow = new Map(), through = api }: { allow?: Allowed; through?: ApiClient } = {},
  ) {
    const rollout = { dev: [workflow], production: [] };
    const record = startRecord(0);
    record.slug = workflow;
    record.release = release;
    const done = rollOut(
      through,
      {
        ...{ workflow, rollout, allow, reason: "deploy", gates: [] },
        before: await readClusters(through, workflow, rollout, never),
        releaseFor: () => release,
        onFailure: undefined,
        planned: undefined,
      },
      record,
      { log: silentLog, signal: never, world: systemGateWorld },
    );
    const error = await done.then(
      () => undefined,
      (thrown: { code: string }) => thrown,
    );
    return { record, error };
  }

  async function cluster(slug: string) {
    await api.workflows.createCluster({ name: slug, slug });
    return slug;
  }

  it("refuses what breaks jobs, counts those that would be left behind, and deploys when allowed", async () => {
    const slug = await cluster("refused");
    const first = await publish(slug, contractOf("v1.1", [field("columns"), field("rows")]));
    assert.equal((await deploy(slug, first)).error, undefined);
    const task = { name: "tiles/Mosaic", version: "v1.1" };
    const input = new TextEncoder().encode('{"columns": 1, "rows": 2}');
    for (const name of ["one", "two"]) {
      await submitJob(api, { name, task, input, cluster: slug, maxRetries: 0 }, randomBytes, never);
    }
    const second = await publish(slug, contractOf("v1.1", [field("columns"), field("rows", "str")]));
    const { record, error } = await deploy(slug, second);
    assert.equal(error?.code, "contract-broken");
    assert.equal(record.stage, "contract");
    const [check] = record.contract?.checks ?? [];
    assert.deepEqual(
      check?.findings.map(({ kind }) => kind),
      ["field-retyped"],
    );
    assert.deepEqual(check?.jobs, [{ cluster: slug, tasks: [{ name: "tiles/Mosaic", tasks: 2, jobs: 2 }] }]);
    const has = async () =>
      (await readClusters(api, slug, { dev: [slug], production: [] }, never)).get(slug)?.id;
    assert.equal(await has(), first.id, "nothing was deployed");

    const allowed = await deploy(slug, second, { allow: new Map([["breaking", "option"]]) });
    assert.equal(allowed.error, undefined);
    assert.equal(await has(), second.id);
    const summary = renderSummary(allowed.record);
    assert.match(summary, /breaking changes are allowed by the option `--allow breaking`/);
    assert.match(summary, /2 tasks tiles\/Mosaic of 2 jobs/);
  });

  it("passes a raised major with a notice, and says whose jobs wait", async () => {
    const slug = await cluster("raised");
    await deploy(slug, await publish(slug, contractOf("v1.1", [field("columns")])));
    const task = { name: "tiles/Mosaic", version: "v1.0" };
    const job = { name: "old", task, input: new TextEncoder().encode("1"), cluster: slug, maxRetries: 0 };
    await submitJob(api, job, randomBytes, never);
    const { record, error } = await deploy(slug, await publish(slug, contractOf("v2.0", [])));
    assert.equal(error, undefined);
    const [check] = record.contract?.checks ?? [];
    assert.deepEqual(
      check?.findings.map(({ kind, severity }) => [kind, severity]),
      [["major-raised", "notice"]],
    );
    assert.deepEqual(check?.jobs[0]?.tasks, [{ name: "tiles/Mosaic", tasks: 1, jobs: 1 }]);
  });

  it("compares names and versions where no contract is kept, and says so", async () => {
    const slug = await cluster("hosted");
    const hosted: ApiClient = {
      ...api,
      keepContract: async () => false,
      findContract: async () => undefined,
    };
    await deploy(slug, await publish(slug, contractOf("v1.1", [field("columns"), field("rows")])));
    const second = await publish(slug, contractOf("v1.0", [field("columns")]));
    const { record, error } = await deploy(slug, second, { through: hosted });
    assert.equal(error?.code, "contract-broken");
    assert.deepEqual(
      record.contract?.checks[0]?.findings.map(({ kind }) => kind),
      ["minor-lowered"],
    );
    const third = await publish(slug, contractOf("v1.1", []));
    const passed = await deploy(slug, third, { through: hosted });
    assert.deepEqual(
      passed.record.contract?.checks[0]?.findings.map(({ kind }) => kind),
      ["schema-unknown"],
    );
    assert.match(renderSummary(passed.record), /were not compared/);
  });

  it("has nothing to say of a first deployment", async () => {
    const slug = await cluster("first");
    const release = await publish(slug, contractOf("v1.0", []));
    const plan = planDeployment({ dev: [slug], production: [] }, new Map(), () => release);
    const target = { workflow: slug, plan, contract: undefined };
    assert.deepEqual(await checkDeployedContracts(api, target, never), []);
  });
});

describe("the contract of a fingerprint", () => {
  it("is kept once, given back, and refused when it is none", async () => {
    await using server = await startControlPlane();
    const [admin, runner] = [await server.createKey("admin"), await server.createKey("runner")];
    const fetchAs = (key: string, fingerprint: string, init: RequestInit = {}) =>
      fetch(`${server.url}/contracts/${fingerprint}`, {
        ...init,
        headers: { authorization: `Bearer ${key}` },
      });
    const fingerprint = "a".repeat(64);
    const one = JSON.stringify(contractOf("v1.0", []));
    assert.equal((await fetchAs(admin, fingerprint)).status, 404);
    assert.equal((await fetchAs(runner, fingerprint, { method: "PUT", body: one })).status, 403);
    for (const body of ["", "[]", '{"tasks":[{}],"records":[]}', " ".repeat(300_000)]) {
      assert.equal(
        (await fetchAs(admin, fingerprint, { method: "PUT", body })).status,
        400,
        body.slice(0, 9),
      );
    }
    assert.equal((await fetchAs(admin, "short", { method: "PUT", body: one })).status, 400);
    assert.equal((await fetchAs(admin, fingerprint, { method: "PUT", body: one })).status, 200);
    const other = JSON.stringify(contractOf("v9.0", []));
    assert.equal((await fetchAs(admin, fingerprint, { method: "PUT", body: other })).status, 200);
    const kept = await fetchAs(runner, fingerprint);
    assert.deepEqual(await kept.json(), JSON.parse(one), "the first stands");
    assert.match(kept.headers.get("cache-control") ?? "", /immutable/);
    assert.deepEqual(server.failures, []);
  });
});
