import type { RolloutStage } from "../release/clusters.ts";
import type { DeployPlan } from "../release/deploy-plan.ts";
import { checkOverwrites, refusedOverwrites, requireOverwritable, whyOf } from "../release/overwrite.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { allowedText } from "../report/allowed-text.ts";
import type { RunRecord } from "../report/record.ts";
import type { Allowed } from "../run-plan.ts";
import type { StageDeps } from "./stage.ts";

/**
 * Call it right before a stage is carried out: a build or a gate takes time, in which other runs finish. Says what it
 * could not prove, and who allowed what it would have refused.
 *
 * @throws UserError commit-older naming every cluster of the stage that has a newer or an unrelated commit
 */
export async function requireNotOlder(
  api: ReleaseApi,
  target: { readonly workflow: string; readonly plan: DeployPlan; readonly allow: Allowed },
  stage: RolloutStage,
  record: RunRecord,
  deps: Pick<StageDeps, "log" | "signal" | "deploymentRecords" | "compareCommits">,
): Promise<void> {
  const { workflow, allow } = target;
  const checks = await checkOverwrites(
    target.plan.filter((planned) => planned.stage === stage),
    {
      workflow,
      commit: record.commit,
      records: deps.deploymentRecords(api),
      compare: (deployed, ours) => deps.compareCommits(deployed, ours),
      signal: deps.signal,
    },
  );
  record.overwrites.push(...checks);
  const tell = (notice: string) => {
    deps.log.info(notice);
    record.notices.push(notice);
  };
  for (const { cluster, verdict, isThere } of checks) {
    if (verdict.kind === "unproven" && !isThere) tell(`${cluster}: ${verdict.why}`);
  }
  const by = allow.get("older");
  requireOverwritable(checks, by !== undefined);
  if (by === undefined) return;
  for (const { cluster, verdict } of refusedOverwrites(checks))
    tell(`${cluster}: ${whyOf(verdict)}; ${allowedText("older", by)}`);
}
