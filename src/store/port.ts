/**
 * What the control plane keeps, as verbs of its domain. One port, two engines, SQLite and PostgreSQL;
 * test/store/contract.ts says what both must do.
 *
 * Every method is one atomic step. A promise of a write is fulfilled when the write is durable, and a
 * read sees every write that was fulfilled before it was called. Errors are those of src/errors.ts:
 * each method names the user errors it can throw; any of them can throw `store-failed`, also after
 * close(). A write that a user error rejects has changed nothing; after store-failed it may be there or
 * not, as with any lost answer, and every write can be repeated safely.
 */
import type { ArtifactId, KeyId, ReleaseId, WorkflowId } from "../engine/id.ts";
import type { Provenance } from "../engine/provenance.ts";
import type {
  Cluster,
  ClusterRef,
  DeploymentChange,
  FileTree,
  Release,
  ReleaseContent,
  Workflow,
} from "../engine/release.ts";
import type { Slug } from "../engine/slug.ts";
import type { ArtifactStore } from "./artifact-port.ts";
import type { JobStore } from "./job-port.ts";
import type { RetentionStore } from "./retention-port.ts";
import type { RunnerStore } from "./runner-port.ts";
import type { TelemetryStore } from "./telemetry-port.ts";

export interface Store {
  readonly keys: KeyStore;
  readonly artifacts: ArtifactStore;
  readonly clusters: ClusterStore;
  readonly workflows: WorkflowStore;
  readonly releases: ReleaseStore;
  readonly jobs: JobStore;
  readonly telemetry: TelemetryStore;
  readonly runners: RunnerStore;
  readonly retention: RetentionStore;
  /** Fulfilled when a write can begin now; throws store-failed otherwise. For readiness. */
  probe(): Promise<void>;
  /** The connections to the database; none where the store is a file. */
  pools(): readonly ConnectionPool[];
  /** Finishes the writes that were submitted, then lets go of the data. Later calls throw. May be repeated. */
  close(): Promise<void>;
}

export interface ConnectionPool {
  readonly name: "readers" | "writers";
  readonly limit: number;
  readonly open: number;
  /** Of the open ones. */
  readonly idle: number;
  /** Who waits for one. */
  readonly waiting: number;
}

/** One transaction of a store, for whoever counts them. Operations that come at the same time share one. */
export interface CommitFacts {
  /** Writes of one lane wait for each other. An engine with one writer has one lane for everything. */
  readonly lane: "all" | "catalog" | "jobs" | "telemetry" | "upkeep";
  readonly operations: number;
  readonly tookMs: number;
  /** False when it was undone, also when it is tried again then. */
  readonly committed: boolean;
}

/**
 * What a key may do. `runner`: run and submit jobs and read, but not publish, deploy or change what
 * exists; it is what a runner hands to its workers, which run a project's own code.
 */
export type KeyRole = "admin" | "runner";

/** API keys. The secret itself is never stored: it is known by its sha256. */
export interface KeyStore {
  /** Throws already-exists when a key of this name exists, revoked or not. */
  addKey(key: {
    readonly name: string;
    readonly role: KeyRole;
    readonly secretSha256: string;
  }): Promise<ApiKey>;
  /** The key that has this secret and is not revoked. */
  findKey(secretSha256: string): Promise<ApiKey | undefined>;
  /** All keys, revoked ones too, oldest first. */
  listKeys(): Promise<readonly ApiKey[]>;
  /** Throws key-not-found. Revoking twice keeps the first time. */
  revokeKey(name: string): Promise<ApiKey>;
}

export interface ApiKey {
  readonly id: KeyId;
  readonly name: string;
  readonly role: KeyRole;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | undefined;
}

/** Clusters. The default cluster exists from the moment a store is opened for the first time. */
export interface ClusterStore {
  /** Throws already-exists. */
  createCluster(cluster: {
    readonly slug: Slug;
    readonly displayName: string;
    readonly description: string;
  }): Promise<Cluster>;
  /** Throws cluster-not-found. */
  getCluster(cluster: ClusterRef): Promise<Cluster>;
  /** All clusters: the default first, then by slug. */
  listClusters(): Promise<readonly Cluster[]>;
  /** What is undefined stays as it is. Throws cluster-not-found. */
  updateCluster(
    cluster: Slug,
    changes: { readonly displayName?: string | undefined; readonly description?: string | undefined },
  ): Promise<Cluster>;
  /** Throws cluster-not-found, cluster-protected, cluster-in-use. */
  deleteCluster(cluster: Slug): Promise<void>;
  /**
   * Calls back after each committed change of a cluster's deployments, so that waiting runners can be
   * woken at once; returns a function that ends it. A hint, not a log: read the cluster for the truth.
   */
  onDeploymentChange(listener: (change: DeploymentNotice) => void): () => void;
}

export interface DeploymentNotice {
  readonly cluster: Slug;
  readonly revision: number;
}

export interface WorkflowStore {
  /** Throws already-exists. */
  createWorkflow(workflow: {
    readonly slug: Slug;
    readonly name: string;
    readonly summary: string;
    readonly description: string;
  }): Promise<Workflow>;
  /** Throws workflow-not-found. */
  getWorkflow(workflow: Slug): Promise<Workflow>;
  /** Oldest first; everything, or a page of it and where the next one begins. */
  listWorkflows(page: Partial<WorkflowPage>): Promise<{
    readonly workflows: readonly Workflow[];
    readonly next: WorkflowPage | undefined;
  }>;
  /** What is undefined stays as it is. Throws workflow-not-found. */
  updateWorkflow(
    workflow: Slug,
    changes: {
      readonly name?: string | undefined;
      readonly summary?: string | undefined;
      readonly description?: string | undefined;
    },
  ): Promise<Workflow>;
  /**
   * Its releases are unpublished and go with it, its history stays. Throws workflow-not-found,
   * release-deployed.
   */
  deleteWorkflow(request: { readonly workflow: Slug } & Actor): Promise<void>;
}

export interface WorkflowPage {
  /** At least 1. */
  readonly limit: number;
  readonly startingAfter: WorkflowId;
}

export interface ReleaseStore {
  /**
   * The release of this workflow with this content and artifact: the one that exists, else a new one.
   * Throws workflow-not-found, artifact-not-found, and request-invalid when the fingerprint is already
   * taken by other content of the same artifact.
   */
  publish(request: PublishRequest): Promise<{ readonly release: Release; readonly created: boolean }>;
  /** Throws workflow-not-found, release-not-found, release-deployed. */
  unpublish(request: ReleaseRef & Actor): Promise<void>;
  /**
   * Makes this the workflow's release on all the named clusters, or, when one of them is unknown, on
   * none. An empty list is the default cluster. What is already so is left as it is; it leaves a line in the history
   * when it is of another commit than the last one there, and no trace else.
   * Throws workflow-not-found, release-not-found, cluster-not-found (naming every unknown cluster),
   * deployment-changed.
   */
  deploy(request: DeployRequest): Promise<DeployResult>;
  /**
   * Removes this release from the named clusters; a cluster that has another release of the workflow, or
   * none, keeps what it has. Lists and errors as in deploy.
   */
  undeploy(request: DeployRequest): Promise<DeployResult>;
  /** Undefined when there is no such release (any more). */
  findFileTree(release: ReleaseId): Promise<FileTree | undefined>;
  /**
   * Adds a gate's result to the history. Throws workflow-not-found, release-not-found, cluster-not-found;
   * request-invalid when this release was never deployed on this cluster.
   */
  recordGate(request: GateRequest): Promise<void>;
  /** What was published, unpublished, deployed and undeployed, and gates: newest first, at most `limit` entries. */
  listHistory(query: HistoryQuery): Promise<readonly HistoryEntry[]>;
}

/** Who does it: the name of the API key, and what the caller says of itself. */
interface Actor {
  readonly actor: string;
  readonly provenance?: Provenance | undefined;
}

interface ReleaseRef {
  readonly workflow: Slug;
  readonly release: ReleaseId;
}

export interface PublishRequest extends Actor {
  readonly workflow: Slug;
  readonly artifact: ArtifactId;
  readonly content: ReleaseContent;
  readonly files: FileTree;
}

export interface DeployRequest extends ReleaseRef, Actor {
  readonly clusters: readonly ClusterRef[];
  /**
   * What some of these clusters must still have of the workflow, undefined for nothing. One that has
   * something else, and not already what is asked for (a repeated call), refuses the whole call.
   */
  readonly expected?: ReadonlyMap<Slug, ReleaseId | undefined> | undefined;
}

export interface GateRequest extends ReleaseRef, Actor {
  readonly cluster: ClusterRef;
  readonly gate: GateOutcome;
}

/** What a gate said; its kinds and reasons are the caller's. */
export interface GateOutcome {
  readonly kind: string;
  readonly outcome: "passed" | "failed";
  readonly reason?: string;
  readonly message: string;
  readonly tookMs: number;
}

export interface DeployResult {
  readonly release: Release;
  /** The whole new state of each named cluster once, in the order they were named. */
  readonly clusters: readonly Cluster[];
  /** What this call changed. */
  readonly changes: readonly DeploymentChange[];
}

export interface HistoryQuery {
  readonly workflow?: Slug | undefined;
  readonly cluster?: Slug | undefined;
  readonly release?: ReleaseId | undefined;
  /** Entries older than this one. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** One line of the append-only history. It outlives the workflow, release and cluster it names. */
export type HistoryEntry = HistoryEntryFacts & HistoryEvent;

export interface HistoryEntryFacts extends Actor {
  /** Ascends with time; not without gaps. */
  readonly sequence: number;
  readonly atMs: number;
  readonly workflow: Slug;
}

export type HistoryEvent =
  | {
      readonly kind: "publish" | "unpublish";
      readonly release: ReleaseId;
      readonly fingerprint: string;
      readonly digest: string;
    }
  | ({ readonly kind: "deploy" | "undeploy" } & DeploymentChange)
  | {
      readonly kind: "gate";
      readonly cluster: Slug;
      readonly release: ReleaseId;
      readonly gate: GateOutcome;
    };
