import type { ApiTarget } from "../api/target.ts";
import type { Build } from "../build/build.ts";
import { toReleaseError } from "../errors.ts";
import { readClusters } from "../release/cluster-calls.ts";
import type { Rollout } from "../release/clusters.ts";
import { planDeployment } from "../release/deploy-plan.ts";
import { onFailureOf } from "../release/on-failure.ts";
import type { RunRecord } from "../report/record.ts";
import type { RunPlan } from "../run-plan.ts";
import { makePlan } from "./make-plan.ts";
import type { StageDeps } from "./stage.ts";

/**
 * Shows what deploying this build would do to the clusters, where a check has a key to look at them. It explains:
 * trouble with the control plane is a notice and does not fail the check, and what the clusters have is not the
 * pull request's fault.
 */
export async function previewPlan(
  target: ApiTarget,
  build: Build,
  { gates, onFailure, allow, rollout }: RunPlan & { readonly rollout: Rollout },
  record: RunRecord,
  deps: StageDeps,
): Promise<void> {
  if (rollout.dev.length + rollout.production.length === 0) return;
  const workflow = build.slug;
  const againstBase = record.contract;
  try {
    const api = await deps.connect(target);
    const before = await readClusters(api, workflow, rollout, deps.signal);
    const { digest, fingerprint, contract } = build;
    const plan = planDeployment(rollout, before, () => ({ id: undefined, digest, fingerprint }));
    const parts = { workflow, plan, contract, gates, onFailure: onFailureOf(onFailure, rollout), allow };
    await makePlan(api, parts, record, deps);
  } catch (error) {
    deps.signal.throwIfAborted();
    const { message } = toReleaseError(error);
    record.notices.push(`What the clusters have could not be read: ${message}`);
  }
  const checks = [
    ...(againstBase?.checks ?? []),
    ...(record.contract === againstBase ? [] : (record.contract?.checks ?? [])),
  ];
  if (checks.length > 0) record.contract = { ...againstBase, ...record.contract, checks };
}
