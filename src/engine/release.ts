/** The values of the release life cycle, as every room behind the wire knows them. */
import type { ArtifactId, ReleaseId, WorkflowId } from "./id.ts";
import type { Slug } from "./slug.ts";
import type { TaskIdentifier } from "./task-identifier.ts";

/** One entry of a release's file tree, as it was published; the contract does not say how paths are cut. */
export interface FileNode {
  readonly path: string;
  readonly directory: boolean;
  readonly children: readonly FileNode[];
}
export type FileTree = readonly FileNode[];

/** What a release record says beside the artifact's bytes. */
export interface ReleaseContent {
  /** 64 lower-case hex characters. */
  readonly fingerprint: string;
  /** At least one. */
  readonly tasks: readonly TaskIdentifier[];
  /** `module:object`; empty when only a command is given. */
  readonly runnerObjectPath: string;
  /** Replaces the runner when it is not empty. */
  readonly commandOverride: readonly string[];
}

/** The cluster with this slug, or the default cluster (an empty slug on the wire). */
export type ClusterRef = { readonly kind: "default" } | { readonly kind: "slug"; readonly slug: Slug };

export interface ClusterInfo {
  readonly slug: Slug;
  readonly displayName: string;
  readonly description: string;
  readonly isDefault: boolean;
}

export interface WorkflowInfo {
  readonly id: WorkflowId;
  readonly slug: Slug;
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly createdAtMs: number;
}

/** A published release. Nothing of it changes but the clusters it is deployed to. */
export interface Release {
  readonly id: ReleaseId;
  readonly artifact: { readonly id: ArtifactId; readonly digest: string };
  readonly content: ReleaseContent;
  /** Size of the stored file tree, which is read on its own because it can be large. */
  readonly fileTreeSizeBytes: number;
  readonly createdAtMs: number;
  /** Where it is deployed now, sorted by slug. */
  readonly clusters: readonly ClusterInfo[];
}

/** What one cluster has of one workflow: exactly one release. */
export interface Deployment {
  readonly workflow: WorkflowInfo;
  readonly release: Release;
  readonly deployedAtMs: number;
  /** Name of the API key that deployed it. */
  readonly deployedBy: string;
}

export interface Cluster extends ClusterInfo {
  /** Raised by one with every change of what is deployed here; starts at 0. */
  readonly revision: number;
  /** Sorted by workflow slug. */
  readonly deployments: readonly Deployment[];
}

export interface Workflow extends WorkflowInfo {
  /** All published releases, newest first. */
  readonly releases: readonly Release[];
}

/** A change of what one cluster runs of one workflow; undefined is "nothing". */
export interface DeploymentChange {
  readonly cluster: Slug;
  readonly before: ReleaseId | undefined;
  readonly after: ReleaseId | undefined;
}
