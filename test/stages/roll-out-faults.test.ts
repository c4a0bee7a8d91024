/**
 * Three clusters with a release of their own each (one with none), and a failure at each step of a roll-out on each
 * of them: once and for good, before the server has got the call and after it has carried it out.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { UserError } from "../../src/errors.ts";
import type { DeployedRelease } from "../../src/release/deploy-plan.ts";
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

type Step = "deploy" | "read-back" | "rollback" | "rollback-read-back";
const steps: readonly Step[] = ["deploy", "read-back", "rollback", "rollback-read-back"];
const faults: readonly Fault[] = ["request", "answer", "status-500"];

interface Case {
  readonly step: Step;
  readonly cluster: Cluster;
  readonly fault: Fault;
  readonly lasting: boolean;
}

const cases = steps.flatMap((step) =>
  clusters.flatMap((cluster) =>
    faults.flatMap((fault) => [false, true].map((lasting): Case => ({ step, cluster, fault, lasting }))),
  ),
);

/** What the run must fail with; undefined is a roll-out that succeeds. */
function expectedCode({ step, fault, lasting }: Case): string | undefined {
  switch (step) {
    case "deploy":
      // Carried out is carried out, whether or not anybody hears of it: the cluster itself tells.
      if (!lasting || fault === "answer") return undefined;
      return fault === "request" ? "api-unreachable" : "api-failed";
    case "read-back":
      return lasting ? "rollback-incomplete" : undefined;
    case "rollback":
      // The gate's own failure, when everything is back.
      return lasting && fault !== "answer" ? "rollback-incomplete" : "job-failed";
    case "rollback-read-back":
      return lasting ? "rollback-incomplete" : "job-failed";
  }
}

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

  for (const one of cases) {
    const { step, cluster, fault, lasting } = one;
    it(`${step} on ${cluster}: ${fault}, ${lasting ? "for good" : "once"}`, async () => {
      await stage.set(had);
      stage.proxy.fail = failing(one);
      const failsGate = step === "rollback" || step === "rollback-read-back";
      const run = await stage.rollOut(release, {
        rollout,
        prove: async (deployed) => {
          if (failsGate && deployed.some(({ cluster: slug }) => slug === "tiles-south")) throw gateFailed();
        },
      });
      stage.proxy.fail = () => undefined;
      assert.equal(run.failure?.code, expectedCode(one));
      await assertTold(run);
    });
  }

  for (const cluster of clusters) {
    it(`a gate fails on ${cluster}`, async () => {
      await stage.set(had);
      const asked: string[] = [];
      const run = await stage.rollOut(release, {
        rollout,
        prove: async (deployed) => {
          asked.push(...deployed.map(({ cluster: slug }) => slug));
          if (deployed.some(({ cluster: slug }) => slug === cluster)) throw gateFailed();
        },
      });
      assert.equal(run.failure?.code, "job-failed");
      assert.equal(run.failure?.exitCode, 1);
      await assertTold(run);
      if (cluster !== "tiles-dev") return;
      assert.deepEqual(asked, ["tiles-dev"]);
      assert.equal(run.record.deployments.get("tiles-north")?.outcome, "planned", "production was touched");
    });
  }

  function gateFailed(): UserError {
    return new UserError("job-failed", "the smoke job failed");
  }

  /** Fails the calls of a step on a cluster: the first one, or all of them. */
  function failing({ step, cluster, fault, lasting }: Case): (call: SeenCall) => Fault | undefined {
    let deployed = false;
    let rollingBack = false;
    let failed = false;
    return (call) => {
      const mentions = call.body.includes(cluster);
      const puts =
        call.name === "DeployWorkflowRelease" &&
        call.body.includes(Buffer.from(releaseIdBytes(release.id) ?? []));
      const takes = /deploy/i.test(call.name) && !puts;
      rollingBack ||= takes;
      const isStep = {
        deploy: puts && mentions,
        "read-back": call.name === "GetCluster" && mentions && deployed,
        rollback: takes && mentions,
        "rollback-read-back": call.name === "GetCluster" && mentions && rollingBack,
      }[step];
      if (puts && mentions) deployed = true;
      if (!isStep || (failed && !lasting)) return undefined;
      failed = true;
      return fault;
    };
  }

  /** What the run says of each cluster is what it has, and what it has is its own previous release, or it is listed. */
  async function assertTold({ record, failure }: FinishedRollOut): Promise<void> {
    const now = await stage.read(clusters);
    const listed = failure?.problems.map(({ message }) => message) ?? [];
    for (const cluster of clusters) {
      const outcome = record.deployments.get(cluster);
      assert.ok(outcome);
      const [has, previous] = [now[cluster], had[cluster]?.id];
      switch (outcome.outcome) {
        case "deployed":
          assert.equal(failure, undefined, "a failed run leaves nothing deployed");
          assert.equal(has, release.id);
          break;
        case "planned":
        case "failed":
        case "restored":
          assert.notEqual(failure, undefined);
          assert.equal(has, previous, `${cluster} does not have its own previous release`);
          break;
        case "not-restored":
          assert.equal(failure?.code, "rollback-incomplete");
          assert.equal(failure.exitCode, 4);
          assert.ok(
            listed.some((line) => line.startsWith(`${cluster}: should have`)),
            "it is not listed",
          );
          break;
        default:
          assert.fail(`${cluster} is ${outcome.outcome}`);
      }
      if (outcome.after !== undefined) assert.equal(outcome.after, has);
    }
  }
});
