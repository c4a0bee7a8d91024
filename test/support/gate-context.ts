/** What gates are run with in tests: real time and a few seconds of patience, unless a test says otherwise. */
import assert from "node:assert/strict";
import { parseSmokeTask, type SmokeTask } from "../../src/rehearsal/smoke-task.ts";
import type { Gate, GateContext, GateResult } from "../../src/release/gates/gate.ts";
import { runGates } from "../../src/release/gates/run-gates.ts";
import { systemGateWorld } from "../../src/release/gates/system-world.ts";
import type { MadeRelease } from "./deployed-release.ts";

export interface GateTrial {
  readonly results: readonly GateResult[];
  readonly lines: readonly string[];
}

/** What cannot be defaulted, and what a test wants otherwise. */
export type GateSetting = Partial<GateContext> & Pick<GateContext, "api" | "cluster">;

/** The lines are in the order in which they were logged. */
export async function tryGates(
  gates: readonly Gate[],
  release: MadeRelease,
  setting: GateSetting,
): Promise<GateTrial> {
  const lines: string[] = [];
  const told: GateResult[] = [];
  const context: GateContext = {
    workflow: release.workflow,
    stage: "dev",
    release: { id: release.id, fingerprint: "", digest: release.digest },
    deployedAtMs: Date.now(),
    productionClusters: [],
    project: undefined,
    signal: new AbortController().signal,
    log: {
      info: (line) => void lines.push(line),
      notice: (line) => void lines.push(`notice: ${line}`),
      warning: (line) => void lines.push(`warning: ${line}`),
      group: (_title, work) => work(),
    },
    report: (result) => void told.push(result),
    world: systemGateWorld,
    limits: { readyMs: 30_000, smokeMs: 30_000, replayMs: 30_000, endsAtMs: Number.POSITIVE_INFINITY },
    ...setting,
  };
  const results = await runGates(gates, context);
  assert.deepEqual(told, results);
  return { results, lines };
}

/** A task of the sample `unruly`. */
export function unrulyTask(name: string, input: unknown): SmokeTask {
  const task = parseSmokeTask(`unruly/${name}@v1.0 ${JSON.stringify(input) ?? ""}`);
  assert.ok(task);
  return task;
}
