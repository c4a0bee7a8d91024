import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ClaimSituation, claimObstacles } from "../../src/engine/claim-obstacle.ts";
import { withVersion } from "../../src/engine/task-version.ts";
import { slug } from "../store/samples.ts";

const identifier = (name: string, version: string) =>
  withVersion({ name, version }) ?? assert.fail(`${version} cannot be read`);

function obstacles(situation: Partial<ClaimSituation>) {
  return claimObstacles({
    state: "queued",
    job: "submitted",
    cluster: slug("dev"),
    identifier: identifier("Resize", "v1.3"),
    openDependencies: [],
    runners: [],
    deployed: [],
    ...situation,
  });
}

const runner = (...versions: string[]) => ({
  identifiers: versions.map((version) => identifier("Resize", version)),
});
const other = { identifiers: [identifier("Other", "v1.0")] };
const deployed = (...versions: string[]) => versions.map((version) => identifier("Resize", version));

describe("why a task is not claimed", () => {
  test("nothing stands in the way of one that a runner knows", () => {
    assert.deepEqual(obstacles({ runners: [runner("v1.4")] }), []);
  });
  test("it is not queued", () => {
    assert.deepEqual(obstacles({ state: "running" }), [{ kind: "not-queued", state: "running" }]);
  });
  test("no runner asks, and nothing with this task is deployed", () => {
    assert.deepEqual(obstacles({}), [
      { kind: "no-runner", cluster: "dev" },
      { kind: "no-deployment", cluster: "dev", name: "Resize" },
    ]);
  });
  test("it is deployed, but no runner asks; or one does that has not loaded it", () => {
    assert.deepEqual(obstacles({ deployed: deployed("v1.3") }), [{ kind: "no-runner", cluster: "dev" }]);
    assert.deepEqual(obstacles({ deployed: deployed("v1.3"), runners: [other] }), [
      { kind: "not-loaded", cluster: "dev" },
    ]);
  });
  test("only another major version is there", () => {
    assert.deepEqual(obstacles({ deployed: deployed("v2.5"), runners: [runner("v2.5")] }), [
      { kind: "wrong-major", wanted: "v1.3", available: ["v2.5"] },
    ]);
  });
  test("the minor version that is there is too old, which says more than another major version", () => {
    assert.deepEqual(obstacles({ deployed: deployed("v1.2", "v2.0"), runners: [other] }), [
      { kind: "minor-too-old", wanted: "v1.3", available: ["v1.2"] },
    ]);
  });
  test("the job and what it waits for are named as well", () => {
    assert.deepEqual(obstacles({ job: "canceled", openDependencies: ["Fetch"], runners: [runner("v1.3")] }), [
      { kind: "job-canceled" },
      { kind: "dependency-incomplete", dependencies: ["Fetch"] },
    ]);
    assert.deepEqual(obstacles({ job: "failed", runners: [runner("v1.3")] }), [{ kind: "job-failed" }]);
  });
});
