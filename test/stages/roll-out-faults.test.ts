/**
 * Three clusters with a release of their own each (one with none), and a failure at each step of a roll-out on each
 * of them: once and for good, before the server has got the call and after it has carried it out.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { DeployedRelease } from "../../src/release/deploy-plan.ts";
import type { Gate } from "../../src/release/gates/gate.ts";
import { releaseIdBytes } from "../../src/release/release-id.ts";
import type { Fault, SeenCall } from "../support/faulty-proxy.ts";
import {
  createRollOutStage,
  type FinishedRollOut,
  newContent,
  type Releases,
  type RollOutStage,
} from "../support/roll-outs.ts";

const clusters = ["tiles-dev", "tiles-north", "tiles-south"] as const;
type Cluster = (typeof clusters)[number];
const rollout = { dev: ["tiles-dev"], production: ["tiles-north", "tiles-south"] };

type Step = "deploy" | "read-back" | "ready" | "soak" | "rollback" | "rollback-read-back";

interface Case {
  readonly step: Step;
  readonly cluster: Cluster;
  readonly fault: Fault;
  readonly lasting: boolean;
}

const faults: readonly Fault[] = ["request", "answer", "status-500"];
const cases = (["deploy", "read-back", "ready", "rollback", "rollback-read-back"] as const)
  .flatMap((step) => clusters.flatMap((cluster) => faults.map((fault) => ({ step, cluster, fault }))))
  .flatMap((one): Case[] => [
    { ...one, lasting: false },
    { ...one, lasting: true },
  ]);
/** It waits a minute for a control plane that does not answer, but not for one that refuses. */
const soakCases = clusters.flatMap((cluster): Case[] => [
  ...faults.map((fault): Case => ({ step: "soak", cluster, fault, lasting: false })),
  { step: "soak", cluster, fault: "status-403", lasting: true },
]);
const gates: readonly Gate[] = [
  { kind: "ready", task: undefined },
  { kind: "soak", minutes: 0.001 },
];

/** What the run must fail with; undefined is a roll-out that succeeds. */
function expectedCode({ step, fault, lasting }: Case): string | undefined {
  switch (step) {
    case "deploy":
      // Carried out is carried out, whether or not anybody hears of it: the cluster itself tells.
      if (!lasting || fault === "answer") return undefined;
      return fault === "request" ? "api-unreachable" : "api-failed";
    case "read-back":
      return lasting ? "rollback-incomplete" : undefined;
    case "ready":
    case "soak":
      return lasting ? "gate-failed" : undefined;
    case "rollback":
      // The gate's own failure, when everything is back.
      return lasting && fault !== "answer" ? "rollback-incomplete" : "gate-failed";
    case "rollback-read-back":
      return lasting ? "rollback-incomplete" : "gate-failed";
  }
}

/** What the process ends with, which the table of errors says and the README promises. */
const exitCodeOf: Readonly<Record<string, number>> = {
  "api-unreachable": 3,
  "api-failed": 3,
  "gate-failed": 1,
  "rollback-incomplete": 4,
};

describe("a failure at each step of a roll-out on each of three clusters", () => {
  let stage: RollOutStage;
  let had: Releases;
  let release: DeployedRelease;
  before(async () => {
    stage = await createRollOutStage(clusters);
    had = {
      "tiles-dev": await stage.publish(newContent()),
      "tiles-north": await stage.publish(newContent()),
      "tiles-south": undefined,
    };
    release = await stage.publish(newContent());
  });
  after(() => stage[Symbol.asyncDispose]());

  for (const one of [...cases, ...soakCases]) {
    const { step, cluster, fault, lasting } = one;
    it(`${step} on ${cluster}: ${fault}, ${lasting ? "for good" : "once"}`, async () => {
      // Where the rollback is to fail, the last cluster's gate makes it begin.
      const refuses = step === "rollback" || step === "rollback-read-back" ? "tiles-south" : undefined;
      await prepare(refuses);
      let failed = 0;
      const isHit = hits(one);
      stage.proxy.fail = (call) => (isHit(call) && (failed++ === 0 || lasting) ? fault : undefined);
      const run = await stage.rollOut(release, { rollout, gates });
      stage.proxy.fail = () => undefined;
      assert.ok(failed > 0, "the network did not fail");
      await assertTold(run, expectedCode(one));
    });
  }

  for (const cluster of clusters) {
    it(`ready on ${cluster}: its runner cannot load the release`, async () => {
      await prepare(cluster);
      const run = await stage.rollOut(release, { rollout, gates });
      await assertTold(run, "gate-failed");
      assert.match(run.failure?.message ?? "", new RegExp(cluster));
      if (cluster !== "tiles-dev") return;
      const states = [...run.record.deployments.values()].map(({ outcome }) => outcome);
      assert.deepEqual(states, ["restored", "planned", "planned"], "production was touched");
    });
  }

  /** Each cluster has what it had, and a runner, which cannot load the new release where it `refuses`. */
  async function prepare(refuses: Cluster | undefined): Promise<void> {
    await stage.set(had);
    for (const cluster of clusters) {
      await stage.reportRunner(cluster, release, cluster === refuses ? "broken" : "ready");
    }
  }

  /** Whether a call is the one that is to fail. */
  function hits({ step, cluster }: Case): (call: SeenCall) => boolean {
    let isDeployed = false;
    let isRollingBack = false;
    const id = Buffer.from(releaseIdBytes(release.id) ?? []);
    return ({ name, body }) => {
      const concerns = body.includes(cluster);
      const puts = name === "DeployWorkflowRelease" && body.includes(id);
      const takes = /^(Undeploy|Deploy)WorkflowRelease$/.test(name) && !puts;
      isRollingBack ||= takes;
      const isDeployedBefore = isDeployed;
      isDeployed ||= puts && concerns;
      switch (step) {
        case "deploy":
          return puts && concerns;
        case "read-back":
          return name === "GetCluster" && concerns && isDeployedBefore;
        case "ready":
          return name === `GET /runners?cluster=${cluster}`;
        case "soak":
          return name === "QueryJobs" && concerns;
        case "rollback":
          return takes && concerns;
        case "rollback-read-back":
          return name === "GetCluster" && concerns && isRollingBack;
      }
    };
  }

  /** What the run says of each cluster is what it has, and that is its own previous release, or it is listed. */
  async function assertTold(
    { record, failure }: FinishedRollOut,
    expected: string | undefined,
  ): Promise<void> {
    assert.equal(failure?.code, expected);
    assert.equal(failure?.exitCode, expected === undefined ? undefined : exitCodeOf[expected]);
    const now = await stage.read(clusters);
    for (const cluster of clusters) {
      const outcome = record.deployments.get(cluster);
      assert.ok(outcome);
      const has = now[cluster];
      if (outcome.after !== undefined) assert.equal(outcome.after, has);
      if (failure === undefined) {
        assert.equal(outcome.outcome, "deployed");
        assert.equal(has, release.id);
      } else if (outcome.outcome === "not-restored") {
        assert.equal(failure.code, "rollback-incomplete");
        const listed = failure.problems.some(({ message }) => message.startsWith(`${cluster}: should have`));
        assert.ok(listed, `${cluster} is not listed`);
      } else {
        assert.match(outcome.outcome, /^(?:planned|failed|restored)$/);
        assert.equal(has, had[cluster]?.id, `${cluster} does not have its own previous release`);
      }
    }
  }
});
