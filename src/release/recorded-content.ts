import type { DeploymentRecords } from "./deployment-records.ts";
import type { ReleaseApi } from "./release-api.ts";

/**
 * The releases that have this content by what was recorded when they were deployed. Only asked for a server that
 * does not know our digests, because the official CLI packed what it holds; none where the server knows them itself.
 *
 * @param content `digest`: of our tar; `clusters`: whose deployments are looked through.
 * @returns Their ids. More than one where the same content was published with other tasks.
 */
export async function recordedReleases(
  api: ReleaseApi,
  records: DeploymentRecords,
  content: { readonly workflow: string; readonly clusters: readonly string[]; readonly digest: string },
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (await api.hasArtifactEndpoint(signal)) return new Set();
  const { workflow, clusters, digest } = content;
  const lists = await Promise.all(clusters.map((cluster) => records.list(workflow, cluster)));
  return new Set(lists.flat().flatMap((record) => (record.digest === digest ? [record.release] : [])));
}
