import type { Allowed } from "../release/allowed.ts";
import { type RolloutStage, rolloutStages } from "../release/clusters.ts";
import type { DeployPlan, PlannedCluster } from "../release/deploy-plan.ts";
import {
  checkOverwrites,
  type OverwriteSources,
  refusedOverwrites,
  requireOverwritable,
  whyOf,
} from "../release/overwrite.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { allowedText } from "../report/allowed-text.ts";
import type { RunRecord } from "../report/record.ts";
import type { StageDeps } from "./stage.ts";

type OverwriteDeps = Pick<StageDeps, "signal" | "deploymentRecords" | "compareCommits">;

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
  deps: OverwriteDeps & Pick<StageDeps, "log">,
): Promise<void> {
  const { workflow, allow } = target;
  const ahead = rolloutStages.slice(rolloutStages.indexOf(stage));
  const checks = await checkOverwrites(
    target.plan.filter((planned) => ahead.includes(planned.stage)),
    sourcesOf(api, workflow, record, deps),
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

/**
 * Whether a cluster that has the release already is to be recorded as having it of the run's commit: not where a
 * newer commit put it there.
 */
export async function isNewest(
  api: ReleaseApi,
  workflow: string,
  planned: PlannedCluster,
  record: RunRecord,
  deps: OverwriteDeps,
): Promise<boolean> {
  const checks = await checkOverwrites([planned], sourcesOf(api, workflow, record, deps));
  for (const check of checks) record.overwrites.set(check.cluster, check);
  return checks.every(({ verdict }) => verdict.kind !== "refuse");
}

function sourcesOf(
  api: ReleaseApi,
  workflow: string,
  { commit }: RunRecord,
  { signal, ...deps }: OverwriteDeps,
): OverwriteSources {
  return {
    workflow,
    commit,
    records: deps.deploymentRecords(api),
    compare: (deployed, ours) => deps.compareCommits(deployed, ours),
    signal,
  };
}
