import { SystemError } from "../errors.ts";
import { findPreviousReleases } from "../release/previous-release.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import type { RunRecord } from "../report/record.ts";
import { type RollOutTarget, rollOut } from "./roll-out.ts";
import { enter, type StageDeps } from "./stage.ts";

/**
 * Gives each cluster its own previous release back, as the deployments are recorded. It builds nothing and needs no
 * checkout. One that fails is left as it is by default: what it would give back is what was to be taken away.
 *
 * @throws UserError previous-refused before anything is changed
 */
export async function rollBack(
  api: ReleaseApi,
  target: Omit<RollOutTarget, "releaseFor" | "reason">,
  record: RunRecord,
  deps: Pick<StageDeps, "log" | "signal" | "stageEntered" | "world" | "deploymentRecords">,
): Promise<void> {
  enter(record, "previous", deps);
  const previous = await findPreviousReleases(api, deps.deploymentRecords(api), target, deps.signal);
  const releaseFor = (cluster: string) => {
    const release = previous.get(cluster);
    if (release === undefined) throw new SystemError("internal", `${cluster} was not read`);
    return release;
  };
  const onFailure = target.onFailure ?? "leave";
  await rollOut(api, { ...target, releaseFor, reason: "rollback", onFailure }, record, deps);
}
