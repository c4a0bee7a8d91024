import { toReleaseError } from "../errors.ts";
import type { Allowed } from "../release/allowed.ts";
import type { Rollout } from "../release/clusters.ts";
import type { DeployedRelease, Snapshot } from "../release/deploy-plan.ts";
import type { DeploymentRecords, GateKind } from "../release/deployment-records.ts";
import { findRelease, type ReleaseChoice } from "../release/find-release.ts";
import { type DevEvidence, judgePromotion, requireProven } from "../release/promotion.ts";
import type { PublishedRelease } from "../release/publish.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { allowedText } from "../report/allowed-text.ts";
import { promotionLines } from "../report/promotion-lines.ts";
import type { RunRecord } from "../report/record.ts";
import { enter, type StageDeps } from "./stage.ts";

type PromoteDeps = Pick<StageDeps, "log" | "signal" | "stageEntered" | "deploymentRecords">;

interface NamedRelease {
  readonly workflow: string;
  readonly rollout: Rollout;
  readonly choice: ReleaseChoice;
}

/** The release that is asked for, and the commit that it was last deployed as on these clusters, where that is known. */
export async function nameRelease(
  api: ReleaseApi,
  { workflow, rollout, choice }: NamedRelease,
  record: RunRecord,
  deps: PromoteDeps,
): Promise<PublishedRelease> {
  enter(record, "publish", deps);
  const release = await findRelease(api, workflow, choice, deps.signal);
  const clusters = [...rollout.dev, ...rollout.production];
  const records = deps.deploymentRecords(api);
  // Without records the run's own commit is the best there is; what needs proof says what could not be read.
  const commit = await recordedCommit(records, workflow, clusters, release).catch(() => undefined);
  deps.signal.throwIfAborted();
  if (commit !== undefined) record.commit = commit;
  return { ...release, outcome: "reused" };
}

async function recordedCommit(
  records: DeploymentRecords,
  workflow: string,
  clusters: readonly string[],
  { id }: DeployedRelease,
): Promise<string | undefined> {
  for (const cluster of clusters) {
    const known = await records.list(workflow, cluster);
    const own = known.find(({ release, reason }) => release === id && reason !== "rollback");
    if (own?.commit !== undefined) return own.commit;
  }
  return undefined;
}

export interface PromotionTarget {
  readonly workflow: string;
  readonly release: DeployedRelease;
  readonly rollout: Rollout;
  /** What each cluster has now. */
  readonly before: Snapshot;
  /** Kinds that the run itself names. */
  readonly gates: readonly GateKind[];
  readonly allow: Allowed;
}

/**
 * Looks for the proof of the dev clusters, which are not changed.
 *
 * @returns What is left to deploy to: production.
 * @throws UserError promotion-unproven with everything that is missing
 */
export async function provePromotion(
  api: ReleaseApi,
  target: PromotionTarget,
  record: RunRecord,
  deps: PromoteDeps,
): Promise<Rollout> {
  const { workflow, release, rollout, before, gates, allow } = target;
  enter(record, "promotion", deps);
  const records = deps.deploymentRecords(api);
  const evidence = await Promise.all(
    rollout.dev.map(async (cluster): Promise<DevEvidence> => {
      const deployed = before.get(cluster);
      try {
        return { cluster, deployed, record: await records.find(workflow, cluster, release.id) };
      } catch (error) {
        deps.signal.throwIfAborted();
        return { cluster, deployed, record: undefined, unread: toReleaseError(error) };
      }
    }),
  );
  const judged = judgePromotion({ id: release.id, workflow }, evidence, gates);
  const by = judged.missing.length === 0 ? undefined : allow.get("unproven");
  const promotion = { ...judged, ...(by === undefined ? {} : { allowedBy: by }) };
  record.promotion = promotion;
  for (const line of promotionLines(promotion)) deps.log.info(line);
  requireProven(promotion);
  if (by !== undefined) {
    const allowed = `promoted without proof, ${allowedText("unproven", by)}`;
    record.notices.push(...promotion.missing.map(({ message }) => `${message}; ${allowed}`));
  }
  return { dev: [], production: rollout.production };
}
