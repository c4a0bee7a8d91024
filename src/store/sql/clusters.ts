import { EventEmitter } from "node:events";
import { clusterDeletability } from "../../engine/release-rules.ts";
import { UserError } from "../../errors.ts";
import type { ClusterStore, DeploymentNotice } from "../port.ts";
import type { Records } from "./records.ts";
import type { Session } from "./session.ts";

/** Tells whoever waits that a cluster's deployments have changed; emit only what is committed. */
export class DeploymentNotices {
  readonly #emitter = new EventEmitter<{ change: [DeploymentNotice] }>().setMaxListeners(0);

  emit(notice: DeploymentNotice): void {
    this.#emitter.emit("change", notice);
  }

  subscribe(listener: (notice: DeploymentNotice) => void): () => void {
    this.#emitter.on("change", listener);
    return () => this.#emitter.off("change", listener);
  }
}

export function createClusterStore(
  session: Session,
  records: Records,
  notices: DeploymentNotices,
): ClusterStore {
  const { writer, read } = session;
  return {
    createCluster: ({ slug, displayName, description }) =>
      writer.submit(() => {
        if (records.clusters.bySlug.get(slug) !== undefined) {
          throw new UserError("already-exists", `A cluster "${slug}" exists already`);
        }
        records.clusters.insert.run(slug, displayName, description, 0);
        return records.cluster(records.requireCluster({ kind: "slug", slug }));
      }),

    getCluster: (ref) => read(() => records.cluster(records.requireCluster(ref))),

    listClusters: () => read(() => records.clusters.all.all().map(records.cluster)),

    updateCluster: (slug, { displayName, description }) =>
      writer.submit(() => {
        records.requireCluster({ kind: "slug", slug });
        records.clusters.update.run(displayName ?? null, description ?? null, slug);
        return records.cluster(records.requireCluster({ kind: "slug", slug }));
      }),

    deleteCluster: (slug) =>
      writer.submit(() => {
        const { deployments, isDefault } = records.cluster(records.requireCluster({ kind: "slug", slug }));
        const hasOpenJobs = records.clusters.anOpenJob.get(slug) !== undefined;
        const facts = { isDefault, hasDeployments: deployments.length > 0, hasOpenJobs };
        switch (clusterDeletability(facts)) {
          case "cluster-protected":
            throw new UserError("cluster-protected", `The cluster "${slug}" is the default cluster`);
          case "cluster-in-use": {
            const workflows = deployments.map((deployment) => `"${deployment.workflow.slug}"`).join(", ");
            const uses = [
              ...(workflows === "" ? [] : [`releases of ${workflows}`]),
              ...(hasOpenJobs ? ["jobs that are not over"] : []),
            ];
            throw new UserError("cluster-in-use", `The cluster "${slug}" has ${uses.join(" and ")}`);
          }
          case "deletable":
            records.clusters.delete.run(slug);
        }
      }),

    onDeploymentChange: (listener) => notices.subscribe(listener),
  };
}
