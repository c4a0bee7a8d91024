/** What the release life cycle must do, as a small model in memory: names instead of ids, maps instead of tables. */
import type { ErrorCode } from "../../src/error-table.ts";

export const defaultName = "default";

type OnCluster<Kind> = { readonly kind: Kind; readonly cluster: string };
type OnWorkflow<Kind> = { readonly kind: Kind; readonly workflow: string };
type OnRelease<Kind> = OnWorkflow<Kind> & { readonly release: string };
/** No clusters: the default one. */
type OnClusters<Kind> = OnRelease<Kind> & { readonly clusters: readonly string[] };

export type Action =
  | OnCluster<"create-cluster">
  | OnCluster<"delete-cluster">
  | OnWorkflow<"create-workflow">
  | OnWorkflow<"delete-workflow">
  | OnRelease<"publish">
  | OnRelease<"unpublish">
  | OnClusters<"deploy">
  | OnClusters<"undeploy">;

interface Workflow {
  readonly releases: Set<string>;
  /** Which release each cluster has. */
  readonly deployed: Map<string, string>;
}

export class ReleaseModel {
  readonly clusters = new Set([defaultName]);
  readonly workflows = new Map<string, Workflow>();
  /** Entries that the history must have. */
  historyLength = 0;

  /** Carries an action out; returns the error that it must be refused with. */
  apply(action: Action): ErrorCode | undefined {
    switch (action.kind) {
      case "create-cluster":
        if (this.clusters.has(action.cluster)) return "already-exists";
        this.clusters.add(action.cluster);
        return undefined;
      case "delete-cluster":
        return this.#deleteCluster(action.cluster);
      case "create-workflow":
        if (this.workflows.has(action.workflow)) return "already-exists";
        this.workflows.set(action.workflow, { releases: new Set(), deployed: new Map() });
        return undefined;
    }
    const workflow = this.workflows.get(action.workflow);
    if (workflow === undefined) return "workflow-not-found";
    if (action.kind === "delete-workflow") {
      if (workflow.deployed.size > 0) return "release-deployed";
      this.workflows.delete(action.workflow);
      this.historyLength += workflow.releases.size;
      return undefined;
    }
    return this.#changeReleases(workflow, action);
  }

  #deleteCluster(cluster: string): ErrorCode | undefined {
    if (!this.clusters.has(cluster)) return "cluster-not-found";
    if (cluster === defaultName) return "cluster-protected";
    if ([...this.workflows.values()].some(({ deployed }) => deployed.has(cluster))) return "cluster-in-use";
    this.clusters.delete(cluster);
    return undefined;
  }

  #changeReleases(
    { releases, deployed }: Workflow,
    action: Extract<Action, { release: string }>,
  ): ErrorCode | undefined {
    const { release } = action;
    if (action.kind === "publish") {
      if (!releases.has(release)) this.historyLength++;
      releases.add(release);
      return undefined;
    }
    if (!releases.has(release)) return "release-not-found";
    if (action.kind === "unpublish") {
      if ([...deployed.values()].includes(release)) return "release-deployed";
      releases.delete(release);
      this.historyLength++;
      return undefined;
    }
    const clusters = action.clusters.length === 0 ? [defaultName] : action.clusters;
    if (!clusters.every((cluster) => this.clusters.has(cluster))) return "cluster-not-found";
    for (const cluster of new Set(clusters)) {
      if ((deployed.get(cluster) === release) === (action.kind === "deploy")) continue;
      if (action.kind === "deploy") deployed.set(cluster, release);
      else deployed.delete(cluster);
      this.historyLength++;
    }
    return undefined;
  }

  /** Everything that can be seen, in a form that compares. */
  state(): unknown {
    return {
      clusters: [...this.clusters].toSorted(),
      workflows: [...this.workflows]
        .map(([name, { releases, deployed }]) => [
          name,
          [...releases].toSorted(),
          [...deployed].map(([cluster, release]) => `${cluster}: ${release}`).toSorted(),
        ])
        .toSorted(),
      historyLength: this.historyLength,
    };
  }
}
