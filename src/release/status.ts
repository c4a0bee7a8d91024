import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { RunnerCalls, RunnerReleaseState } from "../api/runner-calls.ts";
import type { DeploymentRecord, DeploymentRecords } from "./deployment-records.ts";
import type { ReleaseApi } from "./release-api.ts";
import { toDeployedRelease } from "./release-id.ts";

/** What one cluster runs of one workflow. */
export interface ClusterStatus {
  readonly cluster: string;
  readonly release: string | undefined;
  readonly digest: string | undefined;
  readonly tasks: readonly string[];
  /** ISO 8601; when the release was published. */
  readonly publishedAt: string | undefined;
}

/** What every cluster of the control plane runs of this workflow, the clusters without it too. */
export async function readStatus(
  api: Pick<ReleaseApi, "workflows">,
  workflow: string,
  signal: AbortSignal,
): Promise<ClusterStatus[]> {
  const { clusters } = await api.workflows.listClusters({}, { signal });
  return clusters.map(({ slug, deployedReleases }) => {
    const [release] = deployedReleases.find((deployed) => deployed.slug === workflow)?.releases ?? [];
    const known = release && toDeployedRelease(release);
    return {
      cluster: slug,
      release: known?.id,
      digest: known?.digest,
      tasks: release?.content?.tasks.map(({ name, version }) => `${name}@${version}`) ?? [],
      publishedAt: release?.createdAt && timestampDate(release.createdAt).toISOString(),
    };
  });
}

export interface ExplainedStatus extends ClusterStatus {
  /** How the release came there; undefined where that is not recorded. */
  readonly deployment: DeploymentRecord | undefined;
  /** What the cluster's runners have made of it; undefined where the control plane lists no runners. */
  readonly runners: readonly RunnerStatus[] | undefined;
}

export interface RunnerStatus {
  readonly id: string;
  /** `unknown`: it has not reported this release yet. */
  readonly state: RunnerReleaseState | "unknown";
  /** Why it is broken; otherwise empty. */
  readonly reason: string;
}

/** Adds since when it runs there, by whom, and which runners have loaded it. */
export async function explainStatus(
  api: Pick<RunnerCalls, "listRunners">,
  workflow: string,
  statuses: readonly ClusterStatus[],
  records: Pick<DeploymentRecords, "find">,
  signal: AbortSignal,
): Promise<ExplainedStatus[]> {
  return await Promise.all(
    statuses.map(async (status): Promise<ExplainedStatus> => {
      const { cluster, release } = status;
      if (release === undefined) return { ...status, deployment: undefined, runners: [] };
      const [deployment, known] = await Promise.all([
        records.find(workflow, cluster, release),
        api.listRunners(cluster, signal),
      ]);
      const runners = known?.map(({ id, releases }): RunnerStatus => {
        const own = releases.find((reported) => reported.id === release);
        return { id, state: own?.state ?? "unknown", reason: own?.reason ?? "" };
      });
      return { ...status, deployment, runners };
    }),
  );
}
