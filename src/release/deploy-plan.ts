import type { Rollout, RolloutStage } from "./clusters.ts";
import { rolloutStages } from "./clusters.ts";

/** What is to be deployed; it has no id while it is yet to be published. */
export interface ReleaseToDeploy {
  readonly id: string | undefined;
  readonly fingerprint: string;
  readonly digest: string;
}

/** A release as a deployment names it. */
export interface DeployedRelease extends ReleaseToDeploy {
  readonly id: string;
}

/** What one cluster has now and what it shall have. */
export interface PlannedCluster<After extends ReleaseToDeploy = DeployedRelease> {
  readonly cluster: string;
  readonly stage: RolloutStage;
  /** This workflow's release there now; undefined where it has none. */
  readonly before: DeployedRelease | undefined;
  readonly after: After;
  readonly change: "unchanged" | "first" | "replace";
}

export type DeployPlan<After extends ReleaseToDeploy = DeployedRelease> = readonly PlannedCluster<After>[];

/** What each cluster of a rollout had of the workflow when it was read. */
export type Snapshot = ReadonlyMap<string, DeployedRelease | undefined>;

/** Computes the plan from a snapshot taken before anything is changed. Pure, so that it can be printed, kept and compared. */
export function planDeployment<After extends ReleaseToDeploy>(
  rollout: Rollout,
  snapshot: Snapshot,
  releaseFor: (cluster: string) => After,
): DeployPlan<After> {
  return rolloutStages.flatMap((stage) =>
    rollout[stage].map((cluster): PlannedCluster<After> => {
      const before = snapshot.get(cluster);
      const after = releaseFor(cluster);
      const change = before === undefined ? "first" : before.id === after.id ? "unchanged" : "replace";
      return { cluster, stage, before, after, change };
    }),
  );
}
