/** What a roll-out does with others who deploy meanwhile, with being told to stop, and with a plan to hold to. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { SystemError } from "../../src/errors.ts";
import { exitCodes } from "../../src/exit-codes.ts";
import type { DeployedRelease } from "../../src/release/deploy-plan.ts";
import type { Gate } from "../../src/release/gates/gate.ts";
import { releaseIdBytes } from "../../src/release/release-id.ts";
import type { SeenCall } from "../support/faulty-proxy.ts";
import { createRollOutStage, newContent, type Releases, type RollOutStage } from "../support/roll-outs.ts";

const clusters = ["tiles-dev", "tiles-north", "tiles-south"] as const;
const rollout = { dev: ["tiles-dev"], production: ["tiles-north", "tiles-south"] };
const gates: readonly Gate[] = [{ kind: "ready", task: undefined }];

describe("a roll-out to three clusters", () => {
  let stage: RollOutStage;
  let had: Releases;
  let release: DeployedRelease;
  let foreign: DeployedRelease;
  before(async () => {
    stage = await createRollOutStage(clusters);
    const first = await stage.publish(newContent());
    had = { "tiles-dev": first, "tiles-north": await stage.publish(newContent()), "tiles-south": undefined };
    release = await stage.publish(newContent());
    foreign = await stage.publish(newContent());
  });
  beforeEach(async () => {
    stage.proxy.fail = () => undefined;
    stage.proxy.meanwhile = async () => {};
    await stage.set(had);
    for (const cluster of clusters) await stage.reportRunner(cluster, release, "ready");
  });
  after(() => stage[Symbol.asyncDispose]());

  const previous = () => Object.fromEntries(clusters.map((cluster) => [cluster, had[cluster]?.id]));
  const outcomes = (run: { record: { deployments: ReadonlyMap<string, { outcome: string }> } }) =>
    Object.fromEntries([...run.record.deployments].map(([cluster, { outcome }]) => [cluster, outcome]));
  const isDeploy = (call: SeenCall, of: DeployedRelease, cluster: string) =>
    call.name === "DeployWorkflowRelease" &&
    call.body.includes(cluster) &&
    call.body.includes(Buffer.from(releaseIdBytes(of.id) ?? []));

  it("leaves a cluster alone that got another release after it was read, and gives the others back", async () => {
    // Between the look at the cluster and the call that changes it.
    stage.proxy.meanwhile = async (call) => {
      if (isDeploy(call, release, "tiles-south")) await stage.set({ "tiles-south": foreign });
    };
    const run = await stage.rollOut(release, { rollout });
    assert.equal(run.failure?.code, "deployment-changed");
    assert.deepEqual(outcomes(run), {
      "tiles-dev": "restored",
      "tiles-north": "restored",
      "tiles-south": "taken-over",
    });
    assert.deepEqual(await stage.read(clusters), { ...previous(), "tiles-south": foreign.id });
  });

  it("does not roll back over somebody else's deployment, however late that comes", async () => {
    await stage.reportRunner("tiles-south", release, "broken");
    stage.proxy.meanwhile = async (call) => {
      // Between the rollback's look at the cluster and its call.
      const north = had["tiles-north"];
      if (north !== undefined && isDeploy(call, north, "tiles-north"))
        await stage.set({ "tiles-north": foreign });
    };
    const run = await stage.rollOut(release, { rollout, gates });
    assert.equal(run.failure?.code, "gate-failed");
    assert.deepEqual(outcomes(run), {
      "tiles-dev": "restored",
      "tiles-north": "taken-over",
      "tiles-south": "restored",
    });
    assert.deepEqual(await stage.read(clusters), { ...previous(), "tiles-north": foreign.id });
  });

  it("does not touch what had the release already", async () => {
    await stage.set({ "tiles-dev": release });
    await stage.reportRunner("tiles-south", release, "broken");
    const run = await stage.rollOut(release, { rollout, gates });
    assert.equal(run.failure?.code, "gate-failed");
    assert.equal(run.record.deployments.get("tiles-dev")?.outcome, "unchanged");
    assert.deepEqual(await stage.read(clusters), { ...previous(), "tiles-dev": release.id });
  });

  it("says that a cluster has the release, though the call that claims it is lost, refused or overtaken", async () => {
    const all = Object.fromEntries(clusters.map((cluster) => [cluster, release]));
    const claims = { rollout, gates, mayClaim: async () => true };
    for (const fault of ["answer", "request", "status-500"] as const) {
      await stage.set(all);
      stage.proxy.fail = (call) => (isDeploy(call, release, "tiles-north") ? fault : undefined);
      const run = await stage.rollOut(release, claims);
      assert.equal(run.failure, undefined, fault);
      const { outcome, why } = run.record.deployments.get("tiles-north") ?? {};
      assert.equal(outcome, "unchanged", fault);
      assert.match(why ?? "", /^that it is deployed as this run's may not be recorded$/);
      assert.equal(run.record.deployments.get("tiles-south")?.why, undefined);
    }
    stage.proxy.fail = (call) => (isDeploy(call, release, "tiles-north") ? "status-403" : undefined);
    const refused = await stage.rollOut(release, claims);
    assert.equal(refused.failure?.code, "permission-denied");
    assert.equal(refused.record.deployments.get("tiles-north")?.outcome, "unchanged");

    stage.proxy.fail = () => undefined;
    stage.proxy.meanwhile = async (call) => {
      if (isDeploy(call, release, "tiles-north")) await stage.set({ "tiles-north": foreign });
    };
    const overtaken = await stage.rollOut(release, claims);
    assert.equal(overtaken.failure?.code, "deployment-changed");
    assert.equal(overtaken.record.deployments.get("tiles-north")?.outcome, "taken-over");
    assert.equal((await stage.read(clusters))["tiles-north"], foreign.id);
  });

  it("gives nothing back when it is to leave what failed, and says which clusters have the release", async () => {
    await stage.reportRunner("tiles-south", release, "broken");
    const gated = await stage.rollOut(release, { rollout, gates, onFailure: "leave" });
    assert.equal(gated.failure?.code, "gate-failed");
    const all = Object.fromEntries(clusters.map((cluster) => [cluster, release.id]));
    assert.deepEqual(await stage.read(clusters), all);

    await stage.set(had);
    stage.proxy.fail = (call) => (isDeploy(call, release, "tiles-north") ? "request" : undefined);
    const cut = await stage.rollOut(release, { rollout, gates, onFailure: "leave" });
    assert.equal(cut.failure?.code, "deploy-incomplete");
    assert.equal(cut.failure.exitCode, exitCodes.partial);
    assert.deepEqual(
      cut.failure.problems.map(({ message }) => message),
      [`tiles-north: has release ${had["tiles-north"]?.id}`, "tiles-south: has no release"],
    );
    assert.deepEqual(await stage.read(clusters), { ...previous(), "tiles-dev": release.id });
  });

  it("leaves dev alone by default when there is no production cluster", async () => {
    await stage.reportRunner("tiles-dev", release, "broken");
    const run = await stage.rollOut(release, { rollout: { dev: ["tiles-dev"], production: [] }, gates });
    assert.equal(run.failure?.code, "gate-failed");
    assert.equal((await stage.read(clusters))["tiles-dev"], release.id);
  });

  const stops = [
    new SystemError("interrupted", "The run was cancelled (SIGINT)"),
    new DOMException("The operation timed out", "TimeoutError"),
  ];
  for (const reason of stops) {
    for (const held of ["before the server has it", "after it was carried out"]) {
      it(`is told to stop (${reason.name}) while a call is held ${held}: all is given back`, async () => {
        const stop = new AbortController();
        stage.proxy.fail = (call) => {
          if (!isDeploy(call, release, "tiles-north")) return undefined;
          stop.abort(reason);
          return held === "after it was carried out" ? "hold-answer" : "hold-request";
        };
        const run = await stage.rollOut(release, { rollout, signal: stop.signal });
        assert.ok(run.failure);
        assert.notEqual(run.failure.code, "rollback-incomplete");
        assert.deepEqual(await stage.read(clusters), previous());
        assert.match(Object.values(outcomes(run)).join(), /^restored,(?:restored|failed),planned$/);
        assert.equal(
          run.record.rollback?.because,
          reason instanceof SystemError ? "interrupted" : "internal",
        );
      });
    }
  }

  it("has nothing to give back when the last call was carried out by the time that it is told to stop", async () => {
    const stop = new AbortController();
    stage.proxy.fail = (call) => {
      if (!isDeploy(call, release, "tiles-south")) return undefined;
      stop.abort(new SystemError("interrupted", "The run was cancelled (SIGINT)"));
      return "hold-answer";
    };
    const run = await stage.rollOut(release, { rollout, signal: stop.signal });
    assert.equal(run.failure, undefined);
    assert.deepEqual(Object.values(await stage.read(clusters)), [release.id, release.id, release.id]);
  });

  it("ends within the runner's patience when the control plane does not answer any more", async (t) => {
    const stop = new AbortController();
    let isStopped = false;
    stage.proxy.fail = (call) => {
      if (isDeploy(call, release, "tiles-south")) {
        isStopped = true;
        stop.abort(new SystemError("interrupted", "The run was cancelled (SIGINT)"));
      }
      return isStopped ? "hold-answer" : undefined;
    };
    const run = await stage.rollOut(release, { rollout, signal: stop.signal });
    assert.equal(run.failure?.code, "rollback-incomplete");
    assert.deepEqual(outcomes(run), Object.fromEntries(clusters.map((cluster) => [cluster, "not-restored"])));
    assert.equal(run.failure.problems.length, 3);
    t.diagnostic(`${run.tookMs.toFixed(0)} ms, of 5,000 that the action gives it`);
  });

  it("rolls three clusters back in a time that a person does not notice", async (t) => {
    await stage.reportRunner("tiles-south", release, "broken");
    const run = await stage.rollOut(release, { rollout, gates });
    assert.equal(run.failure?.code, "gate-failed");
    assert.deepEqual(await stage.read(clusters), previous());
    t.diagnostic(`rolled out to 3 clusters and back in ${run.tookMs.toFixed(0)} ms`);
  });
});
