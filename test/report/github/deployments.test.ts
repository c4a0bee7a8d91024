/** How GitHub Deployments end when a roll-out does not simply succeed, and who ends what a killed run left open. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseOpenDeployments } from "../../../src/action/open-deployments.ts";
import { SystemError, UserError } from "../../../src/errors.ts";
import type { RolloutStage } from "../../../src/release/clusters.ts";
import type { ClusterState } from "../../../src/release/deploy.ts";
import { planDeployment } from "../../../src/release/deploy-plan.ts";
import { GitHubDeployments, type OpenDeployment } from "../../../src/report/github/deployments.ts";
import { endOpenDeployments } from "../../../src/report/github/end-open-deployments.ts";
import { type RunRecord, recordFailure } from "../../../src/report/record.ts";
import { clientOf } from "../../support/github/client.ts";
import { startFakeGitHub } from "../../support/github/fake-github.ts";
import { exampleRecord, exampleReleaseId } from "../../support/run-records.ts";

const commit = "a".repeat(40);
const runUrl = "https://github.com/acme/tiles/actions/runs/4242/attempts/1";
const earlier = { id: "019acba6-0000-7e90-8106-aaaaaaaaaaaa", fingerprint: "f", digest: "d" };

/** A roll-out to dev-1 and prod-1, of which each had an earlier release, told to GitHub as it goes. */
async function openRun() {
  const fake = await startFakeGitHub();
  fake.state.commits.set(commit, []);
  const client = await clientOf(fake, fake.addToken({ deployments: "write" }));
  const open: (readonly OpenDeployment[])[] = [];
  const start = () => {
    const origin = { commit, runId: 4242, runAttempt: 1, runUrl };
    const deployments = new GitHubDeployments(
      async () => client,
      origin,
      (now) => open.push(now),
    );
    const record = exampleRecord({ deployments: new Map(), stage: "publish" });
    const after = { id: exampleReleaseId, fingerprint: "f".repeat(64), digest: "d".repeat(64) };
    const before = new Map(["dev-1", "prod-1"].map((cluster) => [cluster, earlier]));
    record.plan = planDeployment({ dev: ["dev-1"], production: ["prod-1"] }, before, () => after);
    for (const { cluster, stage } of record.plan) {
      record.deployments.set(cluster, {
        ...{ cluster, stage, before: earlier.id, after: earlier.id },
        outcome: "planned",
      });
    }
    const enter = (stage: RolloutStage) => {
      record.stage = stage;
      deployments.stageEntered(record);
    };
    return { record, enter, end: () => deployments.end([record]) };
  };
  const statesOf = (cluster: string) =>
    fake.state.deployments
      .filter(({ environment }) => environment === `tiles/${cluster}`)
      .map(({ statuses }) => statuses.map(({ state }) => state).join(" "));
  const wordsOf = (cluster: string) =>
    fake.state.deployments.findLast(({ environment }) => environment === `tiles/${cluster}`)?.statuses.at(-1)
      ?.description;
  const dispose = () => {
    assert.deepEqual(fake.violations, []);
    return fake[Symbol.asyncDispose]();
  };
  return { fake, client, open, start, statesOf, wordsOf, [Symbol.asyncDispose]: dispose };
}

function became(record: RunRecord, cluster: string, outcome: ClusterState): void {
  const planned = record.deployments.get(cluster);
  assert(planned);
  const after = outcome === "deployed" ? exampleReleaseId : planned.before;
  record.deployments.set(cluster, { ...planned, after, outcome });
}

describe("a GitHub Deployment", () => {
  it("of a roll-out that is rolled back ends as a failure with words, and has superseded nothing", async () => {
    await using run = await openRun();
    const first = run.start();
    first.enter("dev");
    became(first.record, "dev-1", "deployed");
    first.enter("production");
    became(first.record, "prod-1", "deployed");
    await first.end();
    const second = run.start();
    second.enter("dev");
    became(second.record, "dev-1", "deployed");
    second.enter("production");
    became(second.record, "prod-1", "restored");
    became(second.record, "dev-1", "restored");
    recordFailure(second.record, new SystemError("deploy-mismatch", "prod-1 does not have it"));
    await second.end();
    assert.deepEqual(run.statesOf("dev-1"), ["in_progress success", "in_progress success failure"]);
    assert.deepEqual(run.statesOf("prod-1"), ["in_progress success", "in_progress failure"]);
    assert.equal(run.wordsOf("dev-1"), `rolled back, has ${earlier.id} again (deploy-mismatch)`);
  });

  it("is no success when its stage fails after it was deployed, and names its gates", async () => {
    await using run = await openRun();
    const { record, enter, end } = run.start();
    record.plannedGates = ["ready", "smoke"];
    enter("dev");
    became(record, "dev-1", "deployed");
    recordFailure(record, new UserError("gate-failed", "the gate smoke failed on dev-1"));
    await end();
    assert.deepEqual(run.statesOf("dev-1"), ["in_progress failure"]);
    assert.match(run.wordsOf("dev-1") ?? "", /^deployed, was .* but it is not proven \(gate-failed\)$/);
    const [deployment] = run.fake.state.deployments;
    assert.match(JSON.stringify(deployment?.payload), /"gates":\["ready","smoke"\]/);
  });

  it("of what a newer commit put there already is inactive, so that the newer one stays the record", async () => {
    await using run = await openRun();
    const { record, enter, end } = run.start();
    record.overwrites.set("dev-1", {
      ...{ cluster: "dev-1", stage: "dev", deployed: exampleReleaseId, record: undefined, isThere: true },
      verdict: { kind: "refuse", why: "it is newer" },
    });
    enter("dev");
    became(record, "dev-1", "unchanged");
    await end();
    assert.deepEqual(run.statesOf("dev-1"), ["in_progress inactive"]);
  });

  it("that a killed run left in progress is ended by who was told of it; what has ended stays as it is", async () => {
    await using run = await openRun();
    const { record, enter } = run.start();
    enter("dev");
    became(record, "dev-1", "deployed");
    enter("production");
    while (run.statesOf("prod-1")[0] !== "in_progress" || run.open.at(-1)?.length !== 1)
      await new Promise((resolve) => setImmediate(resolve));
    const told = parseOpenDeployments(JSON.stringify(run.open.at(-1)));
    assert.deepEqual(
      told.map(({ environment }) => environment),
      ["tiles/prod-1"],
    );
    const both = run.fake.state.deployments.map(({ id, environment }) => ({ id, environment }));
    const lines = await endOpenDeployments(run.client, both, runUrl);
    assert.deepEqual(run.statesOf("dev-1"), ["in_progress success"]);
    assert.deepEqual(run.statesOf("prod-1"), ["in_progress error"]);
    assert.deepEqual(lines, [
      "tiles/dev-1: success",
      "tiles/prod-1: the run was killed before it said how its deployment ended",
    ]);
    run.fake.fail(/statuses/, { kind: "refuse", status: 403, message: "no" }, 9);
    assert.match(
      (await endOpenDeployments(run.client, told, runUrl))[0] ?? "",
      /left in progress: GitHub does not/,
    );
  });

  it("is not taken from a state that is not ours", () => {
    for (const text of ["", "null", "{}", '[{"id":"1","environment":"x"}]', '[{"id":1}]'])
      assert.deepEqual(parseOpenDeployments(text), []);
  });
});
