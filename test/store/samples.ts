/** Values for tests of what the store keeps. */
import { createHash } from "node:crypto";
import type { ReleaseId } from "../../src/engine/id.ts";
import type { ClusterRef, FileTree, ReleaseContent } from "../../src/engine/release.ts";
import { parseSlug, type Slug } from "../../src/engine/slug.ts";
import type { Artifact } from "../../src/store/artifact-port.ts";
import type { DeployRequest, PublishRequest, Store } from "../../src/store/port.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export function slug(text: string): Slug {
  const parsed = parseSlug(text);
  if (parsed === undefined) throw new Error(`not a slug: ${text}`);
  return parsed;
}

export const cluster = (text: string): ClusterRef => ({ kind: "slug", slug: slug(text) });
export const defaultCluster: ClusterRef = { kind: "default" };

export const files: FileTree = [
  { path: "src", directory: true, children: [{ path: "src/tasks.py", directory: false, children: [] }] },
  { path: "uv.lock", directory: false, children: [] },
];

export function content(name: string): ReleaseContent {
  return {
    fingerprint: sha256(`content ${name}`),
    tasks: [
      { name: "greet", version: "v1.0" },
      { name: "collect", version: "v0.3" },
    ],
    runnerObjectPath: "greetings:runner",
    commandOverride: [],
  };
}

export function addArtifact(store: Store, name: string): Promise<Artifact> {
  return store.artifacts.addArtifact({
    digest: sha256(`tar ${name}`),
    tarSizeBytes: 4096,
    fileCount: 2,
    archiveSha256: sha256(`archive ${name}`),
    archiveSizeBytes: 512,
  });
}

export async function addWorkflow(store: Store, name: string): Promise<Slug> {
  await store.workflows.createWorkflow({ slug: slug(name), name, summary: "", description: "" });
  return slug(name);
}

export async function addCluster(store: Store, name: string): Promise<Slug> {
  await store.clusters.createCluster({ slug: slug(name), displayName: name, description: "" });
  return slug(name);
}

export function publishRequest(workflow: Slug, artifact: Artifact, name: string): PublishRequest {
  return { workflow, artifact: artifact.id, content: content(name), files, actor: "ci" };
}

/** Publishes a release whose content and artifact are told by `name`. */
export async function publish(store: Store, workflow: Slug, name: string): Promise<ReleaseId> {
  const artifact = await addArtifact(store, name);
  return (await store.releases.publish(publishRequest(workflow, artifact, name))).release.id;
}

export function deployRequest(
  workflow: Slug,
  release: ReleaseId,
  clusters: readonly ClusterRef[],
): DeployRequest {
  return { workflow, release, clusters, actor: "ci" };
}
