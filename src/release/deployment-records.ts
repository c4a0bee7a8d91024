/**
 * Who put which release on which cluster, and what its gates said: what promotion, rollback and `status`
 * rely on. It is read from the control plane's history, else from GitHub Deployments; where neither knows
 * anything there is no record, which proves nothing.
 */
import type { GateKind } from "../engine/provenance.ts";

export type { GateKind };

/** One gate that was run on a cluster after a release was deployed there. */
export interface GateRecord {
  readonly gate: GateKind;
  readonly outcome: "passed" | "failed";
  /** Why it failed: a word of the gates' closed set. */
  readonly reason?: string;
  /** For a person. */
  readonly message: string;
  readonly tookMs: number;
  readonly atMs: number;
}

export interface DeploymentRecord {
  /** Slugs. */
  readonly workflow: string;
  readonly cluster: string;
  readonly release: string;
  /** What the cluster had of the workflow before, where that is known; `null` is nothing. */
  readonly before?: string | null;
  /** sha256 of the uncompressed tar. */
  readonly digest?: string;
  /** The commit of the run that deployed. */
  readonly commit?: string;
  readonly run?: { readonly id: number; readonly attempt: number; readonly url?: string };
  /** `owner/name` of the run. */
  readonly repository?: string;
  /** Who started the run. */
  readonly actor?: string;
  /** Name of the API key, which only the control plane knows. */
  readonly key?: string;
  readonly reason?: "deploy" | "rollback";
  readonly atMs: number;
  /**
   * `succeeded`: deployed, and the newest that is known of the cluster. `unfinished`: begun, with no end
   * known. `superseded`: something else was deployed or it was undeployed since. `rolled-back`: a rollback
   * took it away.
   */
  readonly outcome: "succeeded" | "failed" | "unfinished" | "superseded" | "rolled-back";
  /** What the deployment set out to run; absent where that is not known. */
  readonly plannedGates?: readonly GateKind[];
  /** Of this release on this cluster since then, newest first. */
  readonly gates: readonly GateRecord[];
}

export interface DeploymentRecords {
  /**
   * How this release came to this cluster last: a deployment that succeeded or did not end before one that
   * was superseded. Undefined where none is known.
   */
  find(workflow: string, cluster: string, release: string): Promise<DeploymentRecord | undefined>;
  /** The latest deployments of the workflow on the cluster, newest first; empty where none is known. */
  list(workflow: string, cluster: string): Promise<readonly DeploymentRecord[]>;
}

/** Asks one after the other until one knows something. */
export function firstKnown(sources: readonly DeploymentRecords[]): DeploymentRecords {
  return {
    async find(workflow, cluster, release) {
      for (const source of sources) {
        const found = await source.find(workflow, cluster, release);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async list(workflow, cluster) {
      for (const source of sources) {
        const known = await source.list(workflow, cluster);
        if (known.length > 0) return known;
      }
      return [];
    },
  };
}
