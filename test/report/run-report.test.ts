import assert from "node:assert/strict";
import { it } from "node:test";
import { planDocument } from "../../src/release/plan-document.ts";
import { type RunRecord, startRecord } from "../../src/report/record.ts";
import { runVerdict } from "../../src/report/run-report.ts";
import { exampleBuild, exampleRecord } from "../support/run-records.ts";

it("one line says of several projects what became of how many", () => {
  const slug = "tiles";
  const planned = planDocument({ workflow: slug, plan: [], checks: [], gates: [], onFailure: "leave" });
  const { release = assert.fail() } = exampleRecord();
  const built: RunRecord = { ...startRecord(0), slug, build: exampleBuild() };
  const checked: RunRecord = { ...startRecord(0), slug, drift: { workflow: slug, clusters: [] } };
  const rolledBack: RunRecord = { ...startRecord(0), slug, plan: [], planDocument: planned };
  const onlyPlanned: RunRecord = { ...built, planDocument: planned };
  const reused = exampleRecord({ release: { ...release, outcome: "reused" } });
  const promoted: RunRecord = {
    ...reused,
    promotion: { release: release.id, dev: [], missing: [], allowedBy: undefined },
  };
  assert.equal(runVerdict([built, built]), "2 projects: built");
  assert.equal(runVerdict([checked, checked]), "2 projects: as deployed last");
  assert.equal(runVerdict([rolledBack, rolledBack]), "2 projects: rolled back");
  assert.equal(runVerdict([onlyPlanned, onlyPlanned]), "2 projects: planned");
  assert.equal(runVerdict([promoted, promoted]), "2 projects: promoted");
  assert.equal(runVerdict([reused, exampleRecord(), reused]), "3 projects: 1 published, 2 unchanged");
});
