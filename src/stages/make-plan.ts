import type { TaskContract } from "../engine/contract.ts";
import { gateText } from "../inputs/gates.ts";
import type { Allowed } from "../release/allowed.ts";
import { checkDeployedContracts } from "../release/contract-check.ts";
import type { DeployPlan, ReleaseToDeploy } from "../release/deploy-plan.ts";
import type { Gate } from "../release/gates/gate.ts";
import type { OnFailure } from "../release/on-failure.ts";
import { type PlanDocument, planDocument } from "../release/plan-document.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { contractLines } from "../report/contract-lines.ts";
import { planLines } from "../report/plan-lines.ts";
import type { RunRecord } from "../report/record.ts";
import { enter, type StageDeps } from "./stage.ts";

export interface PlanTarget {
  readonly workflow: string;
  readonly plan: DeployPlan<ReleaseToDeploy>;
  /** Of the build, where the run has one. */
  readonly contract: TaskContract | undefined;
  readonly gates: readonly Gate[];
  readonly onFailure: OnFailure;
  readonly allow: Allowed;
}

/** Finds out what a deployment would do to each cluster and its jobs, and prints it. Changes nothing. */
export async function makePlan(
  api: ReleaseApi,
  { workflow, plan, contract, gates, onFailure, allow }: PlanTarget,
  record: RunRecord,
  deps: Pick<StageDeps, "log" | "signal" | "stageEntered">,
): Promise<PlanDocument> {
  const { log, signal } = deps;
  for (const line of planLines(plan)) log.info(line);
  enter(record, "contract", deps);
  const checks = await checkDeployedContracts(api, { workflow, plan, contract }, signal);
  if (checks.length > 0) record.contract = { checks, allowedBy: allow.get("breaking") };
  for (const line of checks.flatMap(contractLines)) log.info(line);
  const gateTexts = gates.map(planText);
  const document = planDocument({ workflow, plan, checks, gates: gateTexts, onFailure });
  record.planDocument = document;
  if (plan.length > 0) {
    const then = gateTexts.join(", ") || "none";
    log.info(`  gates: ${then}; on failure: ${onFailure}; hash of this plan: ${document.hash}`);
  }
  return document;
}

/** As the input `gate` has it, with the task that it runs. */
function planText(gate: Gate): string {
  const task = gate.kind === "ready" || gate.kind === "smoke" ? gate.task?.task : undefined;
  return task === undefined ? gateText(gate) : `${gateText(gate)} ${task.name}@${task.version}`;
}
