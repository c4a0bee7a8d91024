/**
 * The rules of publishing and deploying: pure, so that every store engine decides alike. Where the
 * public documents are silent the choice is ours and its reason stands beside the rule.
 */
import type { ReleaseId } from "./id.ts";
import type {
  ClusterInfo,
  ClusterRef,
  DeploymentChange,
  FileNode,
  FileTree,
  ReleaseContent,
} from "./release.ts";
import type { Slug } from "./slug.ts";
import type { TaskIdentifier } from "./task-identifier.ts";

/** The default cluster's name; its slug is made from it. */
export const defaultClusterName = "Default";

/** What a deploy or undeploy names: found clusters, each once and in the order named, or all unknown slugs. */
export type ChosenClusters<Found extends ClusterInfo> =
  | { readonly kind: "found"; readonly clusters: readonly Found[] }
  | { readonly kind: "unknown"; readonly slugs: readonly Slug[] };

/**
 * An empty list is the default cluster, as the public service has it. A cluster named twice counts once:
 * the call says what shall be, and saying it twice is no contradiction. One unknown slug refuses the
 * whole call, so that nobody has to find out which half of a deploy happened.
 */
export function chooseClusters<Found extends ClusterInfo>(
  refs: readonly ClusterRef[],
  existing: readonly Found[],
): ChosenClusters<Found> {
  const named = refs.length === 0 ? [{ kind: "default" } as const] : refs;
  const clusters = new Set<Found>();
  const unknown = new Set<Slug>();
  for (const ref of named) {
    const found = existing.find((cluster) =>
      ref.kind === "default" ? cluster.isDefault : cluster.slug === ref.slug,
    );
    if (found !== undefined) clusters.add(found);
    else if (ref.kind === "slug") unknown.add(ref.slug);
  }
  return unknown.size > 0
    ? { kind: "unknown", slugs: [...unknown] }
    : { kind: "found", clusters: [...clusters] };
}

/** What one cluster runs of the workflow now. */
export interface DeployedNow {
  readonly cluster: Slug;
  readonly release: ReleaseId | undefined;
}

/**
 * A cluster has at most one release of a workflow, so deploying replaces. Deploying what is already
 * there changes nothing and is a success: a retry after a lost answer must be harmless.
 */
export function planDeploy(now: readonly DeployedNow[], release: ReleaseId): DeploymentChange[] {
  return now
    .filter((cluster) => cluster.release !== release)
    .map((cluster) => ({ cluster: cluster.cluster, before: cluster.release, after: release }));
}

/**
 * Undeploying takes away this release only. Where another one is active (somebody deployed in between)
 * or none, the cluster keeps what it has and the call succeeds: a retry must be harmless, and nobody's
 * newer deployment is taken away by an older intention. The answer shows each cluster as it is.
 */
export function planUndeploy(now: readonly DeployedNow[], release: ReleaseId): DeploymentChange[] {
  return now
    .filter((cluster) => cluster.release === release)
    .map((cluster) => ({ cluster: cluster.cluster, before: release, after: undefined }));
}

/**
 * The clusters that have something else than the caller has seen there, and than what the call shall lead
 * to: then somebody else was faster. What is there already is no conflict, so that a retry after a lost
 * answer succeeds.
 */
export function unexpectedClusters(
  now: readonly DeployedNow[],
  expected: ReadonlyMap<Slug, ReleaseId | undefined>,
  after: ReleaseId | undefined,
): readonly DeployedNow[] {
  return now.filter(
    ({ cluster, release }) => expected.has(cluster) && release !== expected.get(cluster) && release !== after,
  );
}

export type Deletability = "deletable" | "cluster-protected" | "cluster-in-use";

/**
 * The default cluster stays, as the public service has it (`deletable` is false there). A cluster with
 * deployments or with jobs that are not over is refused: deleting must not stop production as a side
 * effect, and nobody could ever claim the tasks that wait there.
 */
export function clusterDeletability(cluster: {
  readonly isDefault: boolean;
  readonly hasDeployments: boolean;
  readonly hasOpenJobs: boolean;
}): Deletability {
  if (cluster.isDefault) return "cluster-protected";
  return cluster.hasDeployments || cluster.hasOpenJobs ? "cluster-in-use" : "deletable";
}

/**
 * Whether two release records with one fingerprint say the same. Order is no content: neither that of the
 * tasks nor that of the files in a folder. A difference means that the fingerprint is not one, and then
 * answering with the older record would deploy something that nobody built.
 */
export function sameContent(
  left: { readonly content: ReleaseContent; readonly files: FileTree },
  right: { readonly content: ReleaseContent; readonly files: FileTree },
): boolean {
  return (
    canonicalContent(left.content) === canonicalContent(right.content) &&
    canonicalFiles(left.files) === canonicalFiles(right.files)
  );
}

function canonicalContent(content: ReleaseContent): string {
  return JSON.stringify([
    content.fingerprint,
    content.tasks.map(canonicalTask).sort(),
    content.runnerObjectPath,
    content.commandOverride,
  ]);
}

function canonicalTask(task: TaskIdentifier): string {
  return JSON.stringify([task.name, task.version]);
}

function canonicalFiles(files: FileTree): string {
  return JSON.stringify(files.map(canonicalNode).sort());
}

function canonicalNode(node: FileNode): string {
  return JSON.stringify([node.path, node.directory, canonicalFiles(node.children)]);
}
