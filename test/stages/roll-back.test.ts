/** `release: previous` and `workflow-release rollback`, by the history of a real control plane. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { submitJob } from "../../src/jobs/submit.ts";
import { runSource } from "../support/cli-source.ts";
import { createRollOutStage, newContent, type RollOutStage } from "../support/roll-outs.ts";
import { exampleBuild } from "../support/run-records.ts";

describe("rolling back by hand", () => {
  const clusters = ["tiles-north", "tiles-south"];
  let stage: RollOutStage;
  before(async () => {
    stage = await createRollOutStage([...clusters, "tiles-once"]);
  });
  after(() => stage[Symbol.asyncDispose]());

  const rollback = (...args: readonly string[]) => {
    const all = ["rollback", "--workflow", stage.workflow, "--api-url", stage.proxy.url, ...args];
    return runSource(all, { TILEBOX_API_KEY: "" });
  };

  it("gives each cluster its own previous release back, once, and says why not a second time", async () => {
    const [one, two, three] = [
      await stage.publish(newContent()),
      await stage.publish(newContent()),
      await stage.publish(newContent()),
    ];
    await stage.set({ "tiles-north": one, "tiles-south": two, "tiles-once": undefined });
    await stage.set({ "tiles-north": three, "tiles-south": three });
    const planned = await rollback("--cluster", "tiles-north,tiles-south", "--plan", "only", "--json");
    assert.equal(planned.exitCode, 0, planned.stderr);
    const { plan } = JSON.parse(planned.stdout);
    assert.deepEqual(await stage.read(clusters), { "tiles-north": three.id, "tiles-south": three.id });

    const done = await rollback("--cluster", "tiles-north,tiles-south", "--plan", plan.hash);
    assert.equal(done.exitCode, 0, done.stderr);
    assert.equal(done.stdout, "tiles: rolled back, deployed to 2 clusters\n");
    assert.match(done.stderr, new RegExp(`tiles-north: ${three.id} -> ${one.id}`));
    assert.deepEqual(await stage.read(clusters), { "tiles-north": one.id, "tiles-south": two.id });

    const again = await rollback("--cluster", "tiles-north,tiles-south", "--json");
    assert.equal(again.exitCode, 1);
    const { failure } = JSON.parse(again.stdout);
    assert.equal(failure.code, "previous-refused");
    assert.deepEqual(
      failure.problems.map(({ message }: { message: string }) => message),
      clusters.map((cluster) => `${cluster} had release ${three.id} before, which was itself rolled back`),
    );
    const page = await stage.api.readHistory({ workflow: stage.workflow, cluster: "tiles-north" });
    assert.equal(page?.entries[0]?.provenance?.reason, "rollback");
  });

  it("is what `deploy` does by itself when a gate fails: the process ends with 1, and says what it gave back", async () => {
    const [one, two] = [await stage.publish(newContent()), await stage.publish(newContent())];
    await stage.set({ "tiles-north": one, "tiles-south": one });
    await stage.reportRunner("tiles-north", two, "ready");
    await stage.reportRunner("tiles-south", two, "broken");
    const places = ["--dev-cluster", "tiles-north", "--production-cluster", "tiles-south"];
    const what = ["deploy", "--workflow", stage.workflow, "--release", two.id, "--gate", "ready", "--json"];
    const run = await runSource([...what, ...places, "--api-url", stage.proxy.url], { TILEBOX_API_KEY: "" });
    assert.equal(run.exitCode, 1, run.stderr);
    const report = JSON.parse(run.stdout);
    assert.equal(report.failure.code, "gate-failed");
    assert.deepEqual(report.rollback, { because: "gate-failed" });
    assert.equal(report.changed, false);
    assert.match(run.stderr, /gate-failed; 2 clusters restored/);
    assert.deepEqual(await stage.read(clusters), { "tiles-north": one.id, "tiles-south": one.id });
  });

  it("shows which tasks vanish, and which jobs that leaves behind, and goes back all the same", async () => {
    const { tasks, contract } = exampleBuild();
    const join = { name: "tiles.Join", version: "v1.0" };
    const one = await stage.publish(newContent());
    const two = await stage.publish(newContent(), {
      tasks: [...tasks, join],
      contract: {
        ...contract,
        tasks: [...contract.tasks, { ...join, className: "Join", input: { kind: "fields", fields: [] } }],
      },
    });
    await stage.set({ "tiles-north": one });
    await stage.set({ "tiles-north": two });
    const job = { name: "job", cluster: "tiles-north", task: join, input: new Uint8Array(), maxRetries: 0 };
    await submitJob(stage.api, job, randomBytes, new AbortController().signal);
    const run = await rollback("--cluster", "tiles-north", "--json");
    assert.equal(run.exitCode, 0, run.stderr);
    const [check] = JSON.parse(run.stdout).plan.contract;
    const gone = { task: "tiles.Join", severity: "breaking", kind: "task-removed", change: "v1.0 is gone" };
    assert.deepEqual(check.findings[0], gone);
    assert.deepEqual(check.jobs, [
      { cluster: "tiles-north", tasks: [{ name: "tiles.Join", tasks: 1, jobs: 1 }] },
    ]);
    assert.match(run.stderr, /tiles\.Join/);
    assert.equal((await stage.read(["tiles-north"]))["tiles-north"], one.id);
  });

  it("changes no cluster when one has nothing to go back to, and none that is not named", async () => {
    const [one, two] = [await stage.publish(newContent()), await stage.publish(newContent())];
    await stage.set({ "tiles-north": one, "tiles-south": one, "tiles-once": undefined });
    await stage.set({ "tiles-north": two, "tiles-once": two });
    const refused = await rollback("--cluster", "tiles-north,tiles-once");
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, new RegExp(`tiles-once had nothing before release ${two.id}`));
    assert.equal((await stage.read(["tiles-north"]))["tiles-north"], two.id);
    const unnamed = await rollback();
    assert.equal(unnamed.exitCode, 2);
    assert.match(unnamed.stderr, /3 clusters have a release of tiles/);
  });
});
