import assert from "node:assert/strict";
import { it } from "node:test";
import { actionOutputs } from "../../src/action-contract.ts";
import { SystemError } from "../../src/errors.ts";
import { reportOf } from "../../src/report/outputs.ts";
import { recordFailure, startRecord } from "../../src/report/record.ts";
import { runOutputs, runReport, runSummary } from "../../src/report/run-report.ts";
import { summaryLimitBytes } from "../../src/report/summary.ts";
import { exampleRecord, exampleReleaseId } from "../support/run-records.ts";

it("a finished run sets every declared output", () => {
  const outputs = runOutputs([exampleRecord()], "/t/report.json");
  assert.deepEqual(Object.keys(outputs).sort(), Object.keys(actionOutputs).sort());
  assert.equal(outputs["release-id"], exampleReleaseId);
  assert.equal(outputs.published, "created");
  assert.equal(outputs.changed, "true");
  assert.deepEqual(JSON.parse(outputs.tasks), [{ name: "tiles.Mosaic", version: "v1.0" }]);
  assert.equal(outputs["failure-reason"], "");
});

it("a run that failed at once sets what is known, and why it failed", () => {
  const record = startRecord(0);
  recordFailure(record, new SystemError("timed-out", "too slow"));
  const outputs = runOutputs([record], "/t/report.json");
  assert.equal(outputs["workflow-slug"], "");
  assert.equal(outputs.published, "skipped");
  assert.equal(outputs.changed, "false");
  assert.equal(outputs["failure-reason"], "timed-out");
});

it("the report is JSON of the whole run", () => {
  const report = JSON.parse(JSON.stringify(reportOf(exampleRecord())));
  assert.equal(report.ok, true);
  assert.equal(report.durationMs, 2_500);
  assert.equal(report.files.length, 3);
  assert.deepEqual(report.deployments[0], {
    cluster: "dev-1",
    stage: "dev",
    after: exampleReleaseId,
    outcome: "deployed",
  });
});

it("of several projects each has its entry, and what is true of one alone is empty", () => {
  const failed = { ...startRecord(0), projectPath: "flows/b", slug: "b" };
  recordFailure(failed, new SystemError("timed-out", "too slow"));
  const records = [{ ...exampleRecord(), projectPath: "flows/a" }, failed] as const;
  const outputs = runOutputs([...records], "/t/report.json");
  assert.deepEqual(Object.keys(outputs).sort(), Object.keys(actionOutputs).sort());
  assert.equal(outputs["release-id"], "");
  assert.equal(outputs.changed, "true");
  assert.equal(outputs["failure-reason"], "timed-out");
  const entries: Record<string, unknown>[] = JSON.parse(outputs.projects);
  assert.deepEqual(
    entries.map((entry) => [entry.path, entry["release-id"], entry.published, entry["failure-reason"]]),
    [
      ["flows/a", exampleReleaseId, "created", ""],
      ["flows/b", "", "skipped", "timed-out"],
    ],
  );
  const report = JSON.parse(JSON.stringify(runReport([...records])));
  assert.deepEqual([report.ok, report.projects.length], [false, 2]);
  const summary = runSummary([...records]);
  assert.match(summary, /^## ❌ 1 of 2 projects failed$/m);
  assert.match(summary, /\| <code>flows\/b<\/code> \| ❌ Failed while reading the inputs: timed-out \|/);
  assert.match(summary, /<details open><summary><code>flows\/b<\/code>/);
});

it("a summary of very many projects stays within GitHub's limit", () => {
  const notices = Array.from({ length: 50 }, (_, index) => `${index} ${"n".repeat(900)}`);
  const many = Array.from({ length: 60 }, (_, index) => ({
    ...exampleRecord({ notices }),
    projectPath: `flows/${index}`,
  }));
  const summary = runSummary([exampleRecord(), ...many]);
  assert.ok(Buffer.byteLength(summary) <= summaryLimitBytes);
  assert.match(summary, /Some projects are left out for length/);
  assert.match(summary, /\| <code>flows\/59<\/code> \|/);
});
