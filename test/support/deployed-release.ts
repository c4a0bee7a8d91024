/** Packs a scratch project as it is committed and makes it a deployed release, without starting its worker. */
import { join } from "node:path";
import type { ApiClient } from "../../src/api/client.ts";
import { fingerprint } from "../../src/artifact/fingerprint.ts";
import { packArtifact } from "../../src/artifact/pack.ts";
import { idFromBytes, type ReleaseId } from "../../src/engine/id.ts";
import type { TaskIdentifier } from "../../src/engine/task-identifier.ts";
import { ReleaseError } from "../../src/errors.ts";
import type { Entrypoint } from "../../src/project/project.ts";
import type { SelectedFile } from "../../src/project/selection.ts";
import { fileTree } from "../../src/release/file-tree.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import type { ScratchProject } from "./scratch-project.ts";

export interface ReleaseToMake {
  readonly workflow: string;
  readonly entrypoint: Entrypoint;
  readonly tasks: readonly TaskIdentifier[];
}

export interface MadeRelease {
  readonly id: ReleaseId;
  readonly uuid: Uint8Array;
  readonly digest: string;
  /** As the control plane named it. */
  readonly workflow: string;
}

export async function publishProject(
  api: ApiClient,
  project: ScratchProject,
  made: ReleaseToMake,
): Promise<MadeRelease> {
  const paths = (await project.git("ls-files", "-z")).split("\0").filter((path) => path !== "");
  const files = paths
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((path) => ({ kind: "file" as const, path, source: join(project.folder, path) }));
  return await publishFiles(api, files, made);
}

/** A release that no worker could be started from: for tests that start none. */
export async function publishEmpty(
  api: ApiClient,
  workflow: string,
  tasks: readonly TaskIdentifier[],
): Promise<MadeRelease> {
  return await publishFiles(api, [], { workflow, entrypoint: { kind: "runner", objectPath: "a:b" }, tasks });
}

async function publishFiles(
  api: ApiClient,
  files: readonly SelectedFile[],
  { workflow, entrypoint, tasks }: ReleaseToMake,
): Promise<MadeRelease> {
  await using folder = await createScratchFolder();
  const { manifest, digest, archive } = await packArtifact(files, join(folder.path, "release.tar.zst"));
  const { artifactId } = await api.uploadArtifact({
    digest,
    archivePath: archive.path,
    sizeBytes: archive.sizeBytes,
  });
  const { id } = await api.workflows.publishWorkflowRelease({
    workflowSlug: await ensureWorkflow(api, workflow),
    artifactId: { uuid: artifactId },
    content: {
      fingerprint: fingerprint({ manifest, entrypoint, tasks }),
      tasks: [...tasks],
      files: fileTree(manifest),
      ...(entrypoint.kind === "runner"
        ? { runnerObjectPath: entrypoint.objectPath }
        : { commandOverride: [...entrypoint.argv] }),
    },
  });
  const uuid = id?.uuid ?? new Uint8Array();
  return { id: idFromBytes<"release">(uuid) ?? ("" as ReleaseId), uuid, digest, workflow };
}

async function ensureWorkflow(api: ApiClient, workflowSlug: string): Promise<string> {
  try {
    await api.workflows.getWorkflow({ workflowSlug });
  } catch (error) {
    if (!(error instanceof ReleaseError) || error.code !== "workflow-not-found") throw error;
    const created = await api.workflows.createWorkflow({ name: workflowSlug });
    if (created.slug !== workflowSlug) throw new Error(`the workflow is ${created.slug}`);
  }
  return workflowSlug;
}

export async function deployRelease(api: ApiClient, release: MadeRelease, cluster: string): Promise<void> {
  await api.workflows.deployWorkflowRelease({
    workflowSlug: release.workflow,
    releaseId: { uuid: release.uuid },
    clusterSlugs: [cluster],
  });
}

export async function undeployRelease(api: ApiClient, release: MadeRelease, cluster: string): Promise<void> {
  await api.workflows.undeployWorkflowRelease({
    workflowSlug: release.workflow,
    releaseId: { uuid: release.uuid },
    clusterSlugs: [cluster],
  });
}
