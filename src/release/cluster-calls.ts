/** The calls that read and change what a cluster has of a workflow. Whatever deploys or undeploys does it through these. */
import { changeHeaders } from "../api/change-headers.ts";
import type { Cluster } from "../api/gen/workflows/v1/workflows_pb.ts";
import type { ChangeReason, GateKind } from "../engine/provenance.ts";
import { ReleaseError, SystemError, UserError } from "../errors.ts";
import type { Rollout } from "./clusters.ts";
import type { DeployedRelease } from "./deploy-plan.ts";
import type { ReleaseApi } from "./release-api.ts";
import { releaseIdBytes, toDeployedRelease } from "./release-id.ts";

/** One workflow on one cluster, by their slugs. */
export interface Place {
  readonly workflow: string;
  readonly cluster: string;
}

export interface ChangeOptions {
  readonly reason: ChangeReason;
  /** The commit that the release is deployed as, where it is not the run's. */
  readonly commit?: string | undefined;
  /** The gates that are run after it. */
  readonly gates?: readonly GateKind[];
  /**
   * What the cluster was seen to have. A server that knows this (ours) refuses with deployment-changed when it has
   * something else by now, but for what is asked for.
   */
  readonly expected: DeployedRelease | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads what each cluster of the rollout has of this workflow now. All clusters are asked before anything
 * is changed.
 * @throws UserError cluster-not-found naming every cluster that does not exist.
 */
export async function readClusters(
  api: ReleaseApi,
  workflow: string,
  rollout: Rollout,
  signal: AbortSignal,
): Promise<Map<string, DeployedRelease | undefined>> {
  const slugs = [...rollout.dev, ...rollout.production];
  const missing: string[] = [];
  const entries = await Promise.all(
    slugs.map(async (cluster) => {
      try {
        return [cluster, await readRelease(api, { workflow, cluster }, signal)] as const;
      } catch (error) {
        if (!(error instanceof ReleaseError) || error.code !== "cluster-not-found") throw error;
        missing.push(cluster);
        return [cluster, undefined] as const;
      }
    }),
  );
  if (missing.length > 0) {
    const list = slugs.filter((slug) => missing.includes(slug));
    throw new UserError("cluster-not-found", `There is no cluster ${list.join(", ")}`, {
      problems: list.map((slug) => ({ message: `cluster ${slug} does not exist` })),
    });
  }
  return new Map(entries);
}

/** What the cluster has of the workflow now; undefined where it has nothing. */
export async function readRelease(
  api: ReleaseApi,
  { workflow, cluster }: Place,
  signal: AbortSignal,
): Promise<DeployedRelease | undefined> {
  return releaseOn(await api.workflows.getCluster({ clusterSlug: cluster }, { signal }), workflow);
}

/**
 * Replaces whatever release of the workflow the cluster has; the same again changes nothing, but its commit is
 * recorded.
 */
export async function deployRelease(
  api: ReleaseApi,
  place: Place,
  release: DeployedRelease,
  options: ChangeOptions,
): Promise<void> {
  await api.workflows.deployWorkflowRelease(changeOf(place, release), callOptions(api, place, options));
}

/** Takes this release away; a cluster that has another one keeps it. */
export async function undeployRelease(
  api: ReleaseApi,
  place: Place,
  release: DeployedRelease,
  options: ChangeOptions,
): Promise<void> {
  await api.workflows.undeployWorkflowRelease(changeOf(place, release), callOptions(api, place, options));
}

function callOptions(api: ReleaseApi, { cluster }: Place, options: ChangeOptions) {
  const { reason, commit, gates, expected, signal } = options;
  const run = commit === undefined ? api.run : { ...api.run, commit };
  const headers = changeHeaders(run, {
    reason,
    ...(gates === undefined ? {} : { gates }),
    expected: new Map([[cluster, expected?.id]]),
  });
  return { headers, signal };
}

function changeOf({ workflow, cluster }: Place, { id }: DeployedRelease) {
  const uuid = releaseIdBytes(id);
  if (uuid === undefined)
    throw new SystemError("internal", `A plan names the release ${id}, which is not an id`);
  return { workflowSlug: workflow, releaseId: { uuid }, clusterSlugs: [cluster] };
}

/** A cluster lists each workflow with exactly the one release that is deployed there. */
function releaseOn(cluster: Cluster, workflow: string): DeployedRelease | undefined {
  const [release] = cluster.deployedReleases.find(({ slug }) => slug === workflow)?.releases ?? [];
  return release === undefined ? undefined : toDeployedRelease(release);
}
