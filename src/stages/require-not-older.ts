import { type RolloutStage, rolloutStages } from "../release/clusters.ts";
import type { DeployPlan } from "../release/deploy-plan.ts";
import { checkOverwrites, refusedOverwrites, requireOverwritable, whyOf } from "../release/overwrite.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { allowedText } from "../report/allowed-text.ts";
import type { RunRecord } from "../report/record.ts";
import type { Allowed } from "../run-plan.ts";
import type { StageDeps } from "./stage.ts";

/**
 * Call it right before a stage is carried out: a build or a gate takes time, in which other runs finish. The stages
 * after it are looked at too, so that dev is not changed for what production will refuse. Says what it could not
 * prove of this stage, and who allowed what it would have refused.
 *
 * @throws UserError commit-older naming every cluster that has a newer or an unrelated commit
 */
export async function requireNotOlder(
  api: ReleaseApi,
  target: { readonly workflow: string; readonly plan: DeployPlan; readonly allow: Allowed },
  stage: RolloutStage,
  record: RunRecord,
  deps: Pick<StageDeps, "log" | "signal" | "deploymentRecords" | "compareCommits">,
): Promise<void> {
  const { workflow, allow } = target;
  const ahead = rolloutStages.slice(rolloutStages.indexOf(stage));
  const checks = await checkOverwrites(
    target.plan.filter((planned) => ahead.includes(planned.stage)),
    {
      workflow,
      commit: record.commit,
      records: deps.deploymentRecords(api),
      compare: (deployed, ours) => deps.compareCommits(deployed, ours),
      signal: deps.signal,
    },
  );
  for (const check of checks) record.overwrites.set(check.cluster, check);
  const tell = (notice: string) => {
    deps.log.info(notice);
    record.notices.push(notice);
  };
  const by = allow.get("older");
  requireOverwritable(checks, by !== undefined);
  const now = checks.filter((check) => check.stage === stage);
  for (const { cluster, verdict, isThere } of now) {
    if (verdict.kind === "unproven" && !isThere) tell(`${cluster}: ${verdict.why}`);
  }
  if (by === undefined) return;
  for (const { cluster, verdict } of refusedOverwrites(now))
    tell(`${cluster}: ${whyOf(verdict)}; ${allowedText("older", by)}`);
}
