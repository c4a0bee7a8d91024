import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ReleaseId } from "../../src/engine/id.ts";
import type { DeployedRelease } from "../../src/runner/deployed-release.ts";
import { breakMs, planWorkers, type Situation } from "../../src/runner/plan-workers.ts";

const release = (id: string, workflow: string, digest = id): DeployedRelease => ({
  id: id as ReleaseId,
  workflow,
  digest,
  entrypoint: { kind: "runner", objectPath: "a:b" },
  tasks: [{ name: "a", version: "v1.0" }],
});
const [a1, a2, b1] = [release("a1", "a"), release("a2", "a"), release("b1", "b")] as const;
const situation = (changes: Partial<Situation>): Situation => ({
  deployed: [],
  taken: [],
  brokenUntilMs: new Map(),
  nowMs: 1_000,
  ...changes,
});
const taken = (key: number, of: DeployedRelease, draining = false) => ({ key, release: of, draining });

describe("planWorkers", () => {
  it("loads what is deployed and not taken, and leaves alone what is", () => {
    const { actions } = planWorkers(situation({ deployed: [a1, b1], taken: [taken(1, b1)] }));
    assert.deepEqual(actions, [{ kind: "load", release: a1 }]);
  });

  it("drains the release that another one of its workflow replaces, and loads that one", () => {
    const { actions } = planWorkers(situation({ deployed: [a2], taken: [taken(1, a1)] }));
    assert.deepEqual(actions, [
      { kind: "drain", key: 1, why: "replaced" },
      { kind: "load", release: a2 },
    ]);
  });

  it("drains what is deployed no more", () => {
    const { actions } = planWorkers(situation({ deployed: [b1], taken: [taken(1, a1), taken(2, b1)] }));
    assert.deepEqual(actions, [{ kind: "drain", key: 1, why: "undeployed" }]);
  });

  it("loads a release again that is deployed again while its worker drains", () => {
    const { actions } = planWorkers(situation({ deployed: [a1], taken: [taken(1, a1, true)] }));
    assert.deepEqual(actions, [{ kind: "load", release: a1 }]);
  });

  it("does not drain twice", () => {
    assert.deepEqual(planWorkers(situation({ taken: [taken(1, a1, true)] })).actions, []);
  });

  it("leaves a broken release alone until its time has come, and says when that is", () => {
    const brokenUntilMs = new Map([
      ["a1", 5_000],
      ["b1", 3_000],
    ]);
    const deployed = [a1, b1];
    assert.deepEqual(planWorkers(situation({ deployed, brokenUntilMs })), { actions: [], againAtMs: 3_000 });
    const later = planWorkers(situation({ deployed, brokenUntilMs, nowMs: 3_000 }));
    assert.deepEqual(later, { actions: [{ kind: "load", release: b1 }], againAtMs: 5_000 });
  });

  it("knows a broken artifact by its digest, whichever release has it", () => {
    const brokenUntilMs = new Map([["same", 5_000]]);
    const deployed = [release("a3", "a", "same"), release("b3", "b", "same")];
    assert.deepEqual(planWorkers(situation({ deployed, brokenUntilMs })).actions, []);
  });
});

describe("breakMs", () => {
  it("doubles from half a minute to a quarter of an hour, a quarter of it by chance", () => {
    assert.deepEqual(
      [1, 2, 3, 10, 100].map((failures) => breakMs(failures, 0.999_999).toFixed(0)),
      ["30000", "60000", "120000", "900000", "900000"],
    );
    assert.equal(breakMs(1, 0), 22_500);
  });
});
