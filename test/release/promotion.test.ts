import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReleaseError } from "../../src/errors.ts";
import type { DeploymentRecord, GateRecord } from "../../src/release/deployment-records.ts";
import { type DevEvidence, judgePromotion, requireProven } from "../../src/release/promotion.ts";
import { promotionLines } from "../../src/report/promotion-lines.ts";
import { renderSummary } from "../../src/report/summary.ts";
import { exampleRecord, exampleReleaseId } from "../support/run-records.ts";

const release = { id: exampleReleaseId, workflow: "tiles" };
const url = "https://github.com/acme/tiles/actions/runs/7/attempts/1";

function gate(changes: Partial<GateRecord> = {}): GateRecord {
  return { gate: "smoke", outcome: "passed", message: "it completed", tookMs: 10, atMs: 2, ...changes };
}

function evidence(changes: Partial<DeploymentRecord> = {}, cluster = "dev-1"): DevEvidence {
  const record: DeploymentRecord = {
    ...{ workflow: "tiles", cluster, release: exampleReleaseId, atMs: 1, outcome: "succeeded", gates: [] },
    run: { id: 7, attempt: 1, url },
    ...changes,
  };
  return { cluster, deployed: { id: exampleReleaseId }, record };
}

const missingOf = (dev: readonly DevEvidence[], kinds: Parameters<typeof judgePromotion>[2] = []) =>
  judgePromotion(release, dev, kinds).missing.map(({ message, hint }) => `${message} → ${hint}`);

describe("the proof of a promotion", () => {
  it("is a deployment that succeeded, with every gate it was to pass", () => {
    assert.deepEqual(missingOf([evidence()]), []);
    const gates = [gate(), gate({ gate: "soak" })];
    assert.deepEqual(missingOf([evidence({ plannedGates: ["smoke", "soak"], gates })], ["smoke"]), []);
  });

  it("is not there without a dev cluster, a record or the release itself", () => {
    assert.match(missingOf([]).join(), /^no dev cluster is named.*name in dev-cluster/);
    const { record, ...rest } = evidence();
    assert.match(
      missingOf([{ ...rest, record: undefined }]).join(),
      /^dev-1: has it, but neither the control/,
    );
    assert.match(
      missingOf([{ cluster: "dev-1", deployed: { id: "other" }, record }]).join(),
      /^dev-1: has release other → deploy it there: a run with release: 019acba6\S+ and dev-cluster: dev-1 alone, or workflow-release deploy --workflow tiles --release \S+ --dev-cluster dev-1$/,
    );
    assert.match(
      missingOf([{ cluster: "dev-1", deployed: undefined, record: undefined }]).join(),
      /has no release of/,
    );
  });

  it("is not there when the run on dev failed or did not end, and names the run to repeat", () => {
    for (const outcome of ["failed", "unfinished", "superseded", "rolled-back"] as const)
      assert.match(missingOf([evidence({ outcome })]).join(), new RegExp(`^dev-1: .* → run ${url} again`));
  });

  it("is not there when a gate failed, or has no result though it was planned or is asked for now", () => {
    const failed = gate({ outcome: "failed", message: "no runner claimed it" });
    assert.match(
      missingOf([evidence({ gates: [failed] })]).join(),
      /^dev-1: the gate smoke failed: no runner claimed it → mend what it names/,
    );
    assert.deepEqual(missingOf([evidence({ gates: [gate(), failed] })]), [], "it passed since");
    const unrun = missingOf([evidence({ plannedGates: ["smoke", "soak"], gates: [gate()] })], ["ready"]);
    assert.deepEqual(
      unrun.map((line) => line.split(" → ")[0]),
      ["dev-1: no record says that the gate soak passed", "dev-1: no record says that the gate ready passed"],
    );
  });

  it("names everything that is missing, on all clusters, in one error", () => {
    const dev = [
      evidence({ outcome: "failed" }),
      evidence(),
      { cluster: "dev-3", deployed: undefined, record: undefined },
    ];
    const judged = judgePromotion(release, dev, ["ready"]);
    assert.throws(
      () => requireProven(judged),
      (error) => {
        assert(error instanceof ReleaseError && error.code === "promotion-unproven");
        assert.deepEqual(
          error.problems.map(({ message }) => message),
          [
            "dev-1: its deployment failed",
            "dev-1: no record says that the gate ready passed",
            "dev-3: has no release of tiles",
          ],
        );
        return true;
      },
    );
    requireProven({ ...judged, allowedBy: "input" });
  });
});

describe("what a person reads of a promotion", () => {
  it("is who deployed it and what its gates said", () => {
    const promotion = judgePromotion(release, [evidence({ gates: [gate()] })], []);
    const { build: _, ...record } = exampleRecord({ promotion, commit: "c".repeat(40) });
    const summary = renderSummary(record);
    assert.match(summary, /✅ tiles: release promoted, deployed to 1 cluster/);
    assert.match(
      summary,
      /\*\*Promotion\*\* of release <code>019acba6\S+<\/code>, commit <code>cccccccccccc<\/code>/,
    );
    assert.match(summary, /\| <code>dev-1<\/code> \| .*runs\/7.* \| smoke passed \| ✅&nbsp;proven \|/);
    assert.deepEqual(promotionLines(promotion), [
      `Promotion of release ${exampleReleaseId}:`,
      `  dev-1: deployed by ${url}; gates: smoke passed`,
    ]);
  });

  it("is what is missing and who let it pass, as text", () => {
    const hostile = "<img src=x> @octocat \u202e\n::error::x";
    const failed = gate({ outcome: "failed", message: hostile });
    const judged = judgePromotion(release, [evidence({ gates: [failed] })], []);
    const promotion = { ...judged, allowedBy: "input" as const };
    const summary = renderSummary(exampleRecord({ promotion }));
    assert.match(summary, /⚠️ without proof, allowed by the input `allow: unproven`/);
    assert.match(summary, /- ❌ dev-1.* the gate smoke failed/);
    for (const bad of ["<img", "@octocat", "\u202e"]) assert(!summary.includes(bad), bad);
    const lines = promotionLines(promotion);
    assert.equal(lines.length, 3);
    assert(!lines.join("").includes("\n") && !lines.join("").includes("\u202e"));
    assert.match(
      promotionLines({ ...judgePromotion(release, [], []), allowedBy: "option" }).join("\n"),
      /missing: no dev cluster is named[^\n]*\n {2}without proof, allowed by the option `--allow unproven`/,
    );
  });
});
