import type { Project } from "../project/project.ts";
import { readClusterHistories } from "../release/cluster-histories.ts";
import type { Rollout } from "../release/clusters.ts";
import { checkDrift, type DriftCheck, requireNoDrift } from "../release/drift.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { readStatus } from "../release/status.ts";
import { driftLines } from "../report/drift-lines.ts";
import type { RunRecord } from "../report/record.ts";
import { enter, type StageDeps } from "./stage.ts";

/** The clusters that the inputs name, else all that the project's targets name and all that have the workflow. */
export async function checkClusters(
  api: ReleaseApi,
  { project, rollout }: { readonly project: Project; readonly rollout: Rollout },
  record: RunRecord,
  deps: StageDeps,
): Promise<void> {
  enter(record, "status", deps);
  const inputs = new Map(Object.entries(rollout).filter(([, clusters]) => clusters.length > 0));
  const only = inputs.size > 0;
  const targets = only ? inputs : project.targets;
  const check = await compareClusters(api, { workflow: project.slug, targets, only }, deps);
  record.drift = check;
  for (const line of driftLines(check).split("\n")) deps.log.info(line);
  requireNoDrift(check);
}

export interface CompareTarget {
  readonly workflow: string;
  /** Slugs by the name of what names them. */
  readonly targets: ReadonlyMap<string, readonly string[]>;
  /** No other clusters are looked at. */
  readonly only: boolean;
}

/** Compares what the clusters have with what this repository's runs deployed last and with the targets. */
export async function compareClusters(
  api: ReleaseApi,
  { workflow, targets, only }: CompareTarget,
  { signal, githubRecords }: Pick<StageDeps, "signal" | "githubRecords">,
): Promise<DriftCheck> {
  const named = new Set([...targets.values()].flat());
  const statuses = (await readStatus(api, workflow, signal)).filter(
    ({ cluster }) => !only || named.has(cluster),
  );
  const actual = new Map(statuses.map(({ cluster, release }) => [cluster, release]));
  const sources = { api, github: githubRecords, repository: api.run.repository, signal };
  const histories = await readClusterHistories(workflow, [...actual.keys()], sources);
  return checkDrift(workflow, { actual, targets, histories });
}
