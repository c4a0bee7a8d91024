import { timestampDate } from "@bufbuild/protobuf/wkt";
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
  api: ReleaseApi,
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
