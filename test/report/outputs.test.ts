import assert from "node:assert/strict";
import { it } from "node:test";
import { actionOutputs } from "../../src/action-contract.ts";
import { SystemError } from "../../src/errors.ts";
import { outputsOf, reportOf } from "../../src/report/outputs.ts";
import { recordFailure, startRecord } from "../../src/report/record.ts";
import { exampleRecord, exampleReleaseId } from "../support/run-records.ts";

it("a finished run sets every declared output", () => {
  const outputs = outputsOf(exampleRecord(), "/t/report.json");
  assert.deepEqual(Object.keys(outputs), Object.keys(actionOutputs));
  assert.equal(outputs["release-id"], exampleReleaseId);
  assert.equal(outputs.published, "created");
  assert.equal(outputs.changed, "true");
  assert.deepEqual(JSON.parse(outputs.tasks), [{ name: "tiles.Mosaic", version: "v1.0" }]);
  assert.equal(outputs["failure-reason"], "");
});

it("a run that failed at once sets what is known, and why it failed", () => {
  const record = startRecord(0);
  recordFailure(record, new SystemError("timed-out", "too slow"));
  const outputs = outputsOf(record, "/t/report.json");
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
