import { type Rollout, rolloutStages } from "../release/clusters.ts";
import { checkDeployedContracts, requireUnbroken } from "../release/contract-check.ts";
import { deployStage } from "../release/deploy.ts";
import { type DeployedRelease, planDeployment } from "../release/deploy-plan.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { contractLines } from "../report/contract-lines.ts";
import { planLines } from "../report/plan-lines.ts";
import type { RunRecord } from "../report/record.ts";
import type { Allowed } from "../run-plan.ts";
import { enter, type StageDeps } from "./stage.ts";

/** Prints the plan and carries it out, dev first; production is reached only when every dev cluster has the release. */
export async function rollOut(
  api: ReleaseApi,
  target: {
    readonly workflow: string;
    readonly rollout: Rollout;
    readonly release: DeployedRelease;
    /** What each cluster of the rollout had when it was read. */
    readonly before: ReadonlyMap<string, DeployedRelease | undefined>;
    readonly allow: Allowed;
  },
  record: RunRecord,
  deps: Pick<StageDeps, "log" | "signal" | "stageEntered">,
): Promise<void> {
  const { log, signal } = deps;
  const plan = planDeployment(target.rollout, target.before, target.release);
  record.plan = plan;
  for (const { cluster, stage, before } of plan) {
    record.deployments.set(cluster, {
      cluster,
      stage,
      before: before?.id,
      after: before?.id,
      outcome: "planned",
    });
  }
  for (const line of planLines(plan)) log.info(line);
  enter(record, "contract", deps);
  const { workflow, allow } = target;
  const checks = await checkDeployedContracts(
    api,
    { workflow, plan, contract: record.build?.contract },
    signal,
  );
  if (checks.length > 0) record.contract = { checks, allowedBy: allow.get("breaking") };
  for (const line of checks.flatMap(contractLines)) log.info(line);
  requireUnbroken(checks, allow.has("breaking"));
  for (const stage of rolloutStages) {
    enter(record, stage, deps);
    await deployStage(api, target.workflow, plan, stage, {
      signal,
      report: (outcome) => {
        record.deployments.set(outcome.cluster, outcome);
        log.info(`  ${outcome.cluster}: ${outcome.outcome}`);
      },
    });
  }
}
