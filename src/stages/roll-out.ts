import type { ChangeReason } from "../engine/provenance.ts";
import type { Allowed } from "../release/allowed.ts";
import { type Rollout, type RolloutStage, rolloutStages } from "../release/clusters.ts";
import { requireUnbroken } from "../release/contract-check.ts";
import { type Attempt, type ClusterOutcome, deployStage, outcomeOf } from "../release/deploy.ts";
import {
  type DeployedRelease,
  type DeployPlan,
  type PlannedCluster,
  planDeployment,
  type Snapshot,
} from "../release/deploy-plan.ts";
import { type PlanInput, readExpectedPlan, requirePlanned } from "../release/expected-plan.ts";
import { type Gate, gatesOn } from "../release/gates/gate.ts";
import { type OnFailure, onFailureOf } from "../release/on-failure.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { createStopGrace } from "../release/stop-grace.ts";
import type { RunRecord } from "../report/record.ts";
import { makePlan } from "./make-plan.ts";
import { settleFailure } from "./settle-failure.ts";
import { enter, type StageDeps } from "./stage.ts";

export interface RollOutTarget {
  readonly workflow: string;
  readonly rollout: Rollout;
  /** What each cluster of the rollout had when it was read. */
  readonly before: Snapshot;
  /** What each of them shall have. */
  readonly releaseFor: (cluster: string) => DeployedRelease;
  readonly reason: ChangeReason;
  readonly allow: Allowed;
  /** Undefined is the default for these clusters. */
  readonly onFailure: OnFailure | undefined;
  readonly planned: PlanInput | undefined;
  readonly gates: readonly Gate[];
  /** Throws when this stage must not be deployed now. */
  readonly requireAllowed?: (stage: RolloutStage, plan: DeployPlan) => Promise<void>;
  /** Whether the run's commit may stand as the one that is deployed where the release is already. */
  readonly mayClaim?: (planned: PlannedCluster) => Promise<boolean>;
  /** Throws when the release does not do on these clusters what it should. */
  readonly prove?: (deployed: readonly PlannedCluster[]) => Promise<void>;
}

type RollOutDeps = Pick<StageDeps, "log" | "signal" | "stageEntered" | "world">;

/**
 * Prints the plan and carries it out, dev first; production is reached only when every dev cluster has the release
 * and has passed. All clusters are one transaction: when it fails, `onFailure` says what becomes of those that were
 * changed.
 */
export async function rollOut(
  api: ReleaseApi,
  target: RollOutTarget,
  record: RunRecord,
  deps: RollOutDeps,
): Promise<void> {
  const { workflow, rollout, allow, reason } = target;
  const plan = planDeployment(rollout, target.before, target.releaseFor);
  const isOnlyPlanned = target.planned?.kind === "only";
  if (!isOnlyPlanned) {
    record.plan = plan;
    for (const entry of plan) {
      record.deployments.set(entry.cluster, outcomeOf(entry, entry.before, "planned"));
    }
  }
  record.reason = reason;
  record.plannedGates = target.gates.map(({ kind }) => kind);
  const expected = await readExpectedPlan(target.planned, workflow);
  const onFailure = onFailureOf(target.onFailure, rollout);
  const contract = record.build?.contract;
  const parts = { workflow, plan, contract, gates: target.gates, onFailure, allow };
  const document = await makePlan(api, parts, record, deps);
  if (isOnlyPlanned) return;
  requirePlanned(expected, document);
  // The way back is never barred: what it costs was shown.
  if (reason === "deploy") requireUnbroken(record.contract?.checks ?? [], allow.has("breaking"));
  const attempts = new Map<string, Attempt>();
  using grace = createStopGrace(deps.signal, deps.world.sleep);
  const report = (outcome: ClusterOutcome) => {
    record.deployments.set(outcome.cluster, outcome);
    const why = outcome.why === undefined ? "" : ` (${outcome.why})`;
    deps.log.info(`  ${outcome.cluster}: ${outcome.outcome}${why}`);
  };
  try {
    for (const stage of rolloutStages) {
      enter(record, stage, deps);
      await target.requireAllowed?.(stage, plan);
      await deployStage(api, workflow, plan, stage, {
        reason,
        commit: record.commit,
        mayClaim: async (planned) => (await target.mayClaim?.(planned)) ?? false,
        gates: gatesOn(stage, target.gates).map(({ kind }) => kind),
        signal: deps.signal,
        grace,
        sleep: deps.world.sleep,
        report,
        attempted: (attempt) => attempts.set(attempt.planned.cluster, attempt),
      });
      await target.prove?.(plan.filter((entry) => entry.stage === stage));
    }
  } catch (failure) {
    const transaction = { workflow, attempts: [...attempts.values()], onFailure, failure, report, grace };
    throw await settleFailure(api, transaction, record, deps);
  }
}
