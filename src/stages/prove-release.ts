import { messageOf, UserError } from "../errors.ts";
import type { Project } from "../project/project.ts";
import type { Rollout } from "../release/clusters.ts";
import type { PlannedCluster } from "../release/deploy-plan.ts";
import { type Gate, type GateApi, type GateResult, gateReasons } from "../release/gates/gate.ts";
import { gateLimits } from "../release/gates/limits.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { gateLines } from "../report/gate-lines.ts";
import type { RunRecord } from "../report/record.ts";
import type { StageDeps } from "./stage.ts";

export interface Proof {
  /** Its folders where it is at hand: that is where tracebacks point to. */
  readonly project: Pick<Project, "slug"> & Partial<Pick<Project, "root" | "repositoryRoot">>;
  readonly rollout: Rollout;
  readonly gates: readonly Gate[];
}

type ProofDeps = Pick<StageDeps, "log" | "signal" | "world" | "endsAtMs">;

/**
 * Runs the gates on all clusters of one stage at once, and has the control plane keep what they said. The first that
 * fails ends the others: their clusters share its fate.
 *
 * @throws UserError gate-failed; the signal's reason
 */
export async function proveRelease(
  api: ReleaseApi & GateApi,
  deployed: readonly PlannedCluster[],
  { project, rollout, gates }: Proof,
  record: RunRecord,
  deps: ProofDeps,
): Promise<void> {
  if (gates.length === 0 || deployed.length === 0) return;
  const { signal, log, world } = deps;
  const { slug: workflow, root, repositoryRoot } = project;
  const { runGates } = await import("../release/gates/run-gates.ts");
  const decided = new AbortController();
  const context = {
    ...{ api, workflow, log, world },
    signal: AbortSignal.any([signal, decided.signal]),
    project: root === undefined || repositoryRoot === undefined ? undefined : { root, repositoryRoot },
    productionClusters: rollout.production,
    deployedAtMs: world.clock(),
    limits: gateLimits(deps.endsAtMs),
  };
  const kept: Promise<void>[] = [];
  const proofs = deployed.map(async ({ cluster, stage, after: release }) => {
    const report = (result: GateResult): void => {
      record.gates.push(result);
      for (const line of gateLines(result)) log.info(line);
      kept.push(keepResult(api, { workflow, release: release.id }, result, deps));
      if (result.outcome === "failed") decided.abort(failureOf(result));
    };
    await runGates(gates, { ...context, cluster, stage, release, report });
  });
  const ended = await Promise.allSettled(proofs);
  await Promise.all(kept);
  signal.throwIfAborted();
  decided.signal.throwIfAborted();
  for (const end of ended) if (end.status === "rejected") throw end.reason;
}

function failureOf({ gate, cluster, reason, message, problems, next }: GateResult): UserError {
  const why = reason === undefined ? "" : `${gateReasons[reason]}: `;
  return new UserError("gate-failed", `The gate ${gate} failed on ${cluster}: ${why}${message}`, {
    problems,
    ...(next === undefined ? {} : { next }),
  });
}

/** A later promotion relies on it, this run does not: it fails nothing. Never rejects. */
async function keepResult(
  api: ReleaseApi,
  of: { readonly workflow: string; readonly release: string },
  { cluster, gate, outcome, reason, message, tookMs }: GateResult,
  { log, signal }: ProofDeps,
): Promise<void> {
  const told = reason === undefined ? {} : { reason };
  try {
    const report = { ...of, cluster, gate, outcome, message, tookMs: Math.round(tookMs), ...told };
    await api.recordGate(report, { ...api.run, reason: "deploy" }, signal);
  } catch (error) {
    const why = messageOf(error);
    log.warning(`${cluster} ${gate}: the control plane did not keep what the gate said: ${why}`);
  }
}
