import type { ReleaseId } from "../../engine/id.ts";
import type { Cluster, ClusterRef, Deployment, Release, Workflow } from "../../engine/release.ts";
import type { Slug } from "../../engine/slug.ts";
import { UserError } from "../../errors.ts";
import { type ClusterRow, prepareClusterStatements, toClusterInfo } from "./cluster-table.ts";
import { type DeploymentRow, prepareDeploymentStatements } from "./deployment-table.ts";
import { prepareReleaseStatements, type ReleaseRow, toRelease } from "./release-table.ts";
import type { Database } from "./statement.ts";
import { prepareWorkflowStatements, toWorkflowInfo, type WorkflowRow } from "./workflow-table.ts";

/** Finds rows and puts the port's values together from the rows of several tables. */
export type Records = ReturnType<typeof createRecords>;

export function createRecords(database: Database) {
  const clusters = prepareClusterStatements(database);
  const workflows = prepareWorkflowStatements(database);
  const releases = prepareReleaseStatements(database);
  const deployments = prepareDeploymentStatements(database);

  const release = (row: ReleaseRow): Release =>
    toRelease(row, deployments.clustersOfRelease.all(row.id).map(toClusterInfo));

  const deployment = (row: DeploymentRow): Deployment => ({
    workflow: toWorkflowInfo(referenced(workflows.byId.get(row.workflow_id))),
    release: release(referenced(releases.byId.get(row.release_id))),
    deployedAtMs: row.deployed_at_ms,
    deployedBy: row.deployed_by,
  });

  const findCluster = (ref: ClusterRef): ClusterRow | undefined =>
    ref.kind === "default" ? clusters.default.get() : clusters.bySlug.get(ref.slug);

  return {
    clusters,
    workflows,
    releases,
    deployments,

    release,

    cluster: (row: ClusterRow): Cluster => ({
      ...toClusterInfo(row),
      revision: row.revision,
      deployments: deployments.ofCluster.all(row.slug).map(deployment),
    }),

    workflow(row: WorkflowRow): Workflow {
      const deployed = Map.groupBy(
        deployments.clustersOfWorkflow.all(row.id),
        (cluster) => cluster.release_id,
      );
      return {
        ...toWorkflowInfo(row),
        releases: releases.ofWorkflow
          .all(row.id)
          .map((row) => toRelease(row, (deployed.get(row.id) ?? []).map(toClusterInfo))),
      };
    },

    findCluster,

    requireCluster(ref: ClusterRef): ClusterRow {
      const row = findCluster(ref);
      if (row !== undefined) return row;
      throw clusterNotFound(ref.kind === "slug" ? [ref.slug] : []);
    },

    requireWorkflow(slug: Slug): WorkflowRow {
      const row = workflows.bySlug.get(slug);
      if (row !== undefined) return row;
      throw new UserError("workflow-not-found", `There is no workflow "${slug}"`);
    },

    /** A release of another workflow is as unknown as none: it must not be deployed under a wrong name. */
    requireRelease(workflow: WorkflowRow, id: ReleaseId): ReleaseRow {
      const row = releases.byId.get(id);
      if (row?.workflow_id === workflow.id) return row;
      throw new UserError("release-not-found", `The workflow "${workflow.slug}" has no release ${id}`);
    },
  };
}

export function clusterNotFound(slugs: readonly Slug[]): UserError {
  if (slugs.length === 0) return new UserError("cluster-not-found", "There is no default cluster");
  const [noun, names] = [slugs.length === 1 ? "cluster" : "clusters", slugs.map((slug) => `"${slug}"`)];
  return new UserError("cluster-not-found", `There is no ${noun} ${names.join(", ")}`);
}

/** Foreign keys keep what they refer to. */
function referenced<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error("a foreign key refers to nothing");
  return row;
}
