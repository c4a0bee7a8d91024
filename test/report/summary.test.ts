import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UserError } from "../../src/errors.ts";
import { recordFailure, startRecord } from "../../src/report/record.ts";
import { renderSummary, summaryLimitBytes } from "../../src/report/summary.ts";
import { exampleBuild, exampleRecord, exampleReleaseId } from "../support/run-records.ts";

describe("the job summary", () => {
  it("says first what happened, then release, tasks, files, clusters and the next step", () => {
    const summary = renderSummary(exampleRecord());
    const order = [
      "## ✅ tiles: new release published, deployed to 1 cluster, unchanged on 1 cluster",
      `| Release | <code>${exampleReleaseId}</code> (new) |`,
      "<summary>1 task</summary>",
      "| <code>tiles.Mosaic</code> | <code>v1.0</code> |",
      "<summary>3 files</summary>",
      `| <code>dev-1</code> | dev | none | <code>${exampleReleaseId}</code> | ✅&nbsp;deployed |`,
      "**What runs where:**",
    ].map((part) => summary.indexOf(part));
    assert(
      order.every((position) => position >= 0),
      summary,
    );
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
  });

  it("names the failed stage, every problem with its place, the cause and what to do", () => {
    const record = { ...startRecord(0, "https://github.com/a/b"), stage: "build" as const };
    const cause = new Error("No module named 'rasterio'");
    const problems = [{ message: "import fails", file: "tiles/runner.py", line: 3, hint: "add rasterio" }];
    recordFailure(
      record,
      new UserError("dependency-missing", "The worker did not start", { cause, problems }),
    );
    const summary = renderSummary(record);
    assert.match(summary, /## ❌ Failed while building: dependency-missing/);
    assert.match(
      summary,
      /<code>tiles\/runner.py&#58;3<\/code>: <code>import fails<\/code> — <code>add rasterio<\/code>/,
    );
    assert.match(summary, /No module named &#39;rasterio&#39;/);
    assert.match(summary, /\(\[dependency-missing\]\(https:\/\/github.com\/a\/b#dependency-missing\)\)/);
  });

  it("marks the clusters that were not reached", () => {
    const record = exampleRecord({
      deployments: new Map([
        ["p", { cluster: "p", stage: "production", before: undefined, after: undefined, outcome: "planned" }],
      ]),
    });
    assert.match(
      renderSummary(record),
      /\| <code>p<\/code> \| production \| none \| none \| ⏸️&nbsp;not reached \|/,
    );
  });

  it("stays below GitHub's limit by leaving out whole sections, files first", () => {
    const tasks = Array.from({ length: 200 }, (_, i) => ({
      name: `${i}${"|".repeat(1_200)}`,
      version: "v1.0",
    }));
    const manifest = Array.from({ length: 200 }, (_, i) => ({
      kind: "file" as const,
      path: `${i}${"`".repeat(1_200)}`,
      mode: 0o644 as const,
      sizeBytes: 1,
      sha256: "0".repeat(64),
    }));
    const notices = Array.from({ length: 50 }, () => "&".repeat(1_000));
    const summary = renderSummary(exampleRecord({ build: exampleBuild({ tasks, manifest }), notices }));
    assert(Buffer.byteLength(summary) <= summaryLimitBytes);
    assert(!summary.includes("<summary>200 files"), "files are in it");
    assert(summary.includes("Left out for length: files</sub>"), summary.slice(-200));
    assert(summary.includes("**What runs where:**"), summary.slice(-200));
  });
});
