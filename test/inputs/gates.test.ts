import assert from "node:assert/strict";
import { test } from "node:test";
import type { Problem } from "../../src/errors.ts";
import { type GateSurroundings, gateText, parseGates } from "../../src/inputs/gates.ts";
import { parseSmokeTask } from "../../src/rehearsal/smoke-task.ts";

const smokeTask = parseSmokeTask("tiles/Mosaic@v1.0");
const whole: GateSurroundings = {
  smokeTask,
  clusters: { dev: [{ kind: "slug", slug: "dev" }], production: [{ kind: "slug", slug: "prod" }] },
  deploys: true,
  timeoutMs: 15 * 60_000,
};

function read(value: string, changed: Partial<GateSurroundings> = {}) {
  const problems: Problem[] = [];
  const gates = parseGates(value, { ...whole, ...changed }, problems).map(gateText);
  return { gates, problems: problems.map(({ message, hint }) => `${message}; ${hint}`) };
}

test("gates are separated by commas or lines and run in one order", () => {
  assert.deepEqual(read("soak: 10, replay: 5\nready\n smoke "), {
    gates: ["ready", "smoke", "replay: 5", "soak: 10"],
    problems: [],
  });
  assert.deepEqual(read(" "), { gates: [], problems: [] });
  assert.deepEqual(read("soak:0.5").gates, ["soak: 0.5"]);
});

test("everything that is wrong is said at once", () => {
  assert.deepEqual(read("redy, ready: 1,, smoke, smoke, replay, replay: 51, soak: 0, soak: x").problems, [
    "gate: redy is no gate; did you mean ready?",
    "gate: ready: 1 takes no number; write ready",
    "gate: entry 3 is empty; remove the separator, or set the variable it stands for",
    "gate: smoke is there twice; give smoke once",
    "gate: replay names no number of jobs; as in replay: 5 or replay: 5 of CLUSTER; at most 50",
    "gate: replay: 51 names no number of jobs; as in replay: 5 or replay: 5 of CLUSTER; at most 50",
    "gate: soak: 0 names no number of minutes; as in soak: 10; at most 360",
    "gate: soak: x names no number of minutes; as in soak: 10; at most 360",
  ]);
});

test("what a gate depends on must be there", () => {
  assert.deepEqual(read("ready, smoke", { smokeTask: undefined }), {
    gates: ["ready"],
    problems: ["gate: smoke needs a task to run; give smoke-task"],
  });
  assert.deepEqual(read("soak: 14").problems, [
    "gate: soak: 14 does not fit into timeout-minutes: 15, of which one is kept for a rollback; raise timeout-minutes",
  ]);
  assert.deepEqual(read("soak: 13").problems, []);
  const clusters = { dev: whole.clusters.dev, production: [] };
  assert.deepEqual(read("replay: 1", { clusters }).problems, [
    "gate: replay clones jobs of a production cluster onto a dev cluster; give dev-cluster, and production-cluster or replay: JOBS of CLUSTER",
  ]);
  assert.deepEqual(read("replay: 5  of prod-a prod-b", { clusters }), {
    gates: ["replay: 5 of prod-a prod-b"],
    problems: [],
  });
  const none = { dev: [], production: [] };
  assert.deepEqual(read("ready", { clusters: none }).problems, [
    "gate: there is no cluster to run gates on; give dev-cluster",
  ]);
  assert.deepEqual(read("ready, replay: 2", { clusters: none, deploys: false }).problems, []);
});
