/**
 * Each cluster's own previous release, from what is recorded of its deployments. It goes one step back and no
 * further: what is not plainly the release that the cluster had before is refused, for a person to choose.
 */
import { type Problem, UserError } from "../errors.ts";
import type { DeployedRelease, Snapshot } from "./deploy-plan.ts";
import type { DeploymentRecord, DeploymentRecords } from "./deployment-records.ts";
import type { ReleaseApi } from "./release-api.ts";
import { toDeployedRelease } from "./release-id.ts";

/** A release's id, or why there is none to go back to. */
export type Previous = { readonly release: string } | { readonly refused: string };

/**
 * @param records of one workflow on one cluster, newest first.
 * @param current the id of the release that the cluster has.
 */
export function previousOf(records: readonly DeploymentRecord[], current: string | undefined): Previous {
  if (current === undefined) return { refused: "has no release" };
  const [newest, ...earlier] = records.filter(({ outcome }) => outcome !== "failed");
  if (newest === undefined) return { refused: `has release ${current}, and no deployment of it is recorded` };
  if (newest.release !== current) {
    return {
      refused: `has release ${current}, but the newest deployment that is recorded is of ${newest.release}`,
    };
  }
  const came = arrivalOf([newest, ...earlier], current) ?? newest;
  if (came.before === null) return { refused: `had nothing before release ${current}` };
  const target = came.before ?? earlier.find(({ release }) => release !== current)?.release;
  if (target === undefined) return { refused: `had nothing before release ${current} that is recorded` };
  const last = earlier.find(({ release }) => release === target);
  if (last?.outcome === "rolled-back" || came.reason === "rollback") {
    return { refused: `had release ${target} before, which was itself rolled back` };
  }
  if (last?.outcome === "unfinished") {
    return { refused: `had release ${target} before, of which no end is recorded` };
  }
  return { release: target };
}

/** The record that says what the release replaced: later ones of the same release are of other commits with it. */
function arrivalOf(records: readonly DeploymentRecord[], current: string): DeploymentRecord | undefined {
  const end = records.findIndex(({ release }) => release !== current);
  return records.slice(0, end === -1 ? undefined : end).find(({ before }) => before !== undefined);
}

/**
 * What each cluster of a snapshot had before.
 * @throws UserError previous-refused naming every cluster that has no release to go back to
 */
export async function findPreviousReleases(
  api: ReleaseApi,
  records: DeploymentRecords,
  { workflow, before }: { readonly workflow: string; readonly before: Snapshot },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, DeployedRelease>> {
  const { releases } = await api.workflows.getWorkflow({ workflowSlug: workflow }, { signal });
  const published = new Map(releases.map(toDeployedRelease).map((release) => [release.id, release]));
  const found = new Map<string, DeployedRelease>();
  const problems: Problem[] = [];
  for (const [cluster, current] of before) {
    const previous = previousOf(await records.list(workflow, cluster), current?.id);
    const release = "release" in previous ? published.get(previous.release) : undefined;
    if (release !== undefined) found.set(cluster, release);
    else if ("refused" in previous) problems.push({ message: `${cluster} ${previous.refused}` });
    else
      problems.push({
        message: `${cluster} had release ${previous.release}, which is not published any more`,
      });
  }
  if (problems.length > 0) {
    const message = `There is no release to go back to on ${problems.length} of ${before.size} clusters`;
    throw new UserError("previous-refused", message, { problems });
  }
  return found;
}
