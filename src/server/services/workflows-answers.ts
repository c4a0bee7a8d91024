/** How the values of the release life cycle look on the wire. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  ClusterSchema,
  type PathSchema,
  type Cluster as WireCluster,
  type WorkflowRelease as WireRelease,
  type Workflow as WireWorkflow,
  WorkflowReleaseSchema,
  WorkflowSchema,
} from "../../api/gen/workflows/v1/workflows_pb.ts";
import { idToBytes } from "../../engine/id.ts";
import type {
  Cluster,
  ClusterInfo,
  FileTree,
  Release,
  Workflow,
  WorkflowInfo,
} from "../../engine/release.ts";
import type { ReleaseStore } from "../../store/port.ts";

/**
 * Of stored file trees in one answer. SDKs list everything in one call, and a workflow that is published
 * ten times a day has thousands of releases: their trees would make the answer hundreds of megabytes.
 */
const fileTreeBudgetBytes = 8 * 1024 * 1024;

/**
 * Writes one answer. Releases get their file trees in the order in which they stand in it, until the
 * budget is spent; the ones after that have none. One release always has its tree.
 */
export class AnswerWriter {
  readonly #releases: Pick<ReleaseStore, "findFileTree">;
  #leftBytes = fileTreeBudgetBytes;

  constructor(releases: Pick<ReleaseStore, "findFileTree">) {
    this.#releases = releases;
  }

  async cluster(cluster: Cluster): Promise<WireCluster> {
    const deployedReleases: WireWorkflow[] = [];
    for (const { workflow, release } of cluster.deployments) {
      deployedReleases.push(workflowMessage(workflow, [await this.release(release)]));
    }
    return create(ClusterSchema, { ...clusterFields(cluster), deployedReleases });
  }

  clusters(clusters: readonly Cluster[]): Promise<WireCluster[]> {
    return inOrder(clusters, (cluster) => this.cluster(cluster));
  }

  async workflow(workflow: Workflow): Promise<WireWorkflow> {
    return workflowMessage(workflow, await inOrder(workflow.releases, (release) => this.release(release)));
  }

  workflows(workflows: readonly Workflow[]): Promise<WireWorkflow[]> {
    return inOrder(workflows, (workflow) => this.workflow(workflow));
  }

  async release(release: Release): Promise<WireRelease> {
    const { fingerprint, tasks, runnerObjectPath, commandOverride } = release.content;
    return create(WorkflowReleaseSchema, {
      id: { uuid: idToBytes(release.id) },
      artifact: { id: { uuid: idToBytes(release.artifact.id) }, digest: release.artifact.digest },
      content: {
        fingerprint,
        tasks: tasks.map(({ name, version }) => ({ name, version })),
        files: paths(await this.#files(release)),
        runnerObjectPath,
        commandOverride: [...commandOverride],
      },
      createdAt: timestampFromMs(release.createdAtMs),
      clusters: release.clusters.map(clusterFields),
    });
  }

  async #files(release: Release): Promise<FileTree> {
    const first = this.#leftBytes === fileTreeBudgetBytes;
    this.#leftBytes -= release.fileTreeSizeBytes;
    if (this.#leftBytes < 0 && !first) return [];
    // Unpublished since it was read: the answer tells how things were, the tree is gone.
    return (await this.#releases.findFileTree(release.id)) ?? [];
  }
}

/** One after the other, because the budget is spent in order. */
async function inOrder<From, To>(
  values: readonly From[],
  write: (value: From) => Promise<To>,
): Promise<To[]> {
  const written: To[] = [];
  for (const value of values) written.push(await write(value));
  return written;
}

/** A cluster inside a release comes without its own releases, or the answer would have no end. */
function clusterFields({ slug, displayName, description, isDefault }: ClusterInfo) {
  return { slug, displayName, description, deletable: !isDefault };
}

function workflowMessage(workflow: WorkflowInfo, releases: WireRelease[]): WireWorkflow {
  const { slug, name, summary, description } = workflow;
  return create(WorkflowSchema, { slug, name, summary, description, releases });
}

function paths(files: FileTree): MessageInitShape<typeof PathSchema>[] {
  return files.map(({ path, directory, children }) => ({ path, directory, children: paths(children) }));
}
