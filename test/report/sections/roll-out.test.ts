/** What a person reads of a plan, and of a roll-out that was taken back. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UserError } from "../../../src/errors.ts";
import type { ClusterOutcome } from "../../../src/release/deploy.ts";
import { planDeployment } from "../../../src/release/deploy-plan.ts";
import { planDocument } from "../../../src/release/plan-document.ts";
import { hasChanged, type RunRecord, recordFailure } from "../../../src/report/record.ts";
import { renderSummary } from "../../../src/report/summary.ts";
import { verdict } from "../../../src/report/verdict.ts";
import { exampleRecord, exampleReleaseId } from "../../support/run-records.ts";

const old = exampleReleaseId.replace("aaaa", "bbbb");

function rolledBack(...outcomes: readonly Pick<ClusterOutcome, "outcome" | "after" | "why">[]): RunRecord {
  const record = exampleRecord({
    rollback: { because: "gate-failed" },
    deployments: new Map(
      outcomes.map((outcome, index) => [
        `prod-${index}`,
        { cluster: `prod-${index}`, stage: "production", before: old, ...outcome },
      ]),
    ),
  });
  recordFailure(record, new UserError("gate-failed", "smoke failed on prod-1"));
  return record;
}

describe("a roll-out that was taken back", () => {
  it("says in one line how many clusters have what they had, and how many do not", () => {
    const record = rolledBack(
      { outcome: "restored", after: old },
      { outcome: "restored", after: old },
      { outcome: "not-restored", after: undefined, why: "api.example did not answer" },
      { outcome: "taken-over", after: exampleReleaseId },
      { outcome: "planned", after: old },
    );
    assert.equal(
      verdict(record),
      "Failed while deploying to production: gate-failed; 2 clusters restored; 1 cluster NOT restored; 1 cluster left to somebody else",
    );
    const summary = renderSummary(record);
    assert.match(
      summary,
      /\*\*Rolled back\*\* \(gate-failed\): 2 clusters restored, 1 cluster NOT restored, /,
    );
    assert.match(
      summary,
      /\| <code>prod-2<\/code> \| production \| .* \| not known \| ❌&nbsp;\*\*not restored\*\*: <code>api\.example did not answer<\/code> \|/,
    );
    assert.match(summary, /\| <code>prod-3<\/code> .*somebody else deployed, left alone \|/);
  });

  it("has changed a cluster when one is not restored, and none when all are", () => {
    const release = { ...exampleRecord().release, outcome: "reused" } as RunRecord["release"];
    const all = { ...rolledBack({ outcome: "restored", after: old }), release } as RunRecord;
    assert.equal(hasChanged(all), false);
    const one = { ...rolledBack({ outcome: "not-restored", after: undefined }), release } as RunRecord;
    assert.equal(hasChanged(one), true);
  });
});

describe("a run that only plans", () => {
  it("shows each cluster now and then, what comes afterwards, and the hash to hold it to", () => {
    const rollout = { dev: ["dev-1"], production: ["prod-1"] };
    const release = { id: undefined, fingerprint: "f", digest: "d" };
    const had = new Map([["prod-1", { id: old, fingerprint: "g", digest: "e" }]]);
    const { release: _, ...record } = exampleRecord({
      deployments: new Map(),
      planDocument: planDocument({
        workflow: "tiles",
        plan: planDeployment(rollout, had, () => release),
        ...{ checks: [], gates: ["ready"], onFailure: "rollback" as const },
      }),
    });
    const hash = record.planDocument?.hash ?? "";
    assert.equal(verdict(record), `tiles: plan ${hash} for 2 clusters, nothing is changed`);
    const summary = renderSummary(record);
    assert.match(summary, /\| <code>dev-1<\/code> \| dev \| none \| <code>a new release<\/code> \|/);
    assert.match(summary, new RegExp(`\\| <code>prod-1</code> \\| production \\| <code>${old}</code> \\|`));
    assert.match(summary, /Gates: <code>ready<\/code>\. On failure: rollback\./);
    assert.ok(summary.includes(`Plan <code>${hash}</code>`));
  });
});
