import type { Rollout, RolloutStage } from "./clusters.ts";
import { rolloutStages } from "./clusters.ts";

/** A release as a deployment names it. */
export interface DeployedRelease {
  readonly id: string;
  readonly fingerprint: string;
  readonly digest: string;
}

/** What one cluster has now and what it shall have. */
export interface PlannedCluster {
  readonly cluster: string;
  readonly stage: RolloutStage;
  /** This workflow's release there now; undefined where it has none. */
  readonly before: DeployedRelease | undefined;
  readonly after: DeployedRelease;
  readonly change: "unchanged" | "first" | "replace";
}

export type DeployPlan = readonly PlannedCluster[];

/** Computes the plan from a snapshot taken before anything is changed. Pure, so that it can be printed, kept and compared. */
export function planDeployment(
  rollout: Rollout,
  snapshot: ReadonlyMap<string, DeployedRelease | undefined>,
  release: DeployedRelease,
): DeployPlan {
  return rolloutStages.flatMap((stage) =>
    rollout[stage].map((cluster): PlannedCluster => {
      const before = snapshot.get(cluster);
      const change = before === undefined ? "first" : before.id === release.id ? "unchanged" : "replace";
      return { cluster, stage, before, after: release, change };
    }),
  );
}
