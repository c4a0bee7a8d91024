import type { ReleaseId, WorkflowId } from "../../engine/id.ts";
import type { Slug } from "../../engine/slug.ts";
import type { ClusterRow } from "./cluster-table.ts";
import { type Database, prepare } from "./statement.ts";

/** The primary key says that a cluster has one release of a workflow; the last line, that it is one of that workflow. */
export const createDeploymentTable = `
  CREATE TABLE deployments (
    cluster_slug   TEXT NOT NULL REFERENCES clusters (slug),
    workflow_id    TEXT NOT NULL REFERENCES workflows (id),
    release_id     TEXT NOT NULL,
    deployed_at_ms INTEGER NOT NULL,
    deployed_by    TEXT NOT NULL,
    PRIMARY KEY (cluster_slug, workflow_id),
    FOREIGN KEY (release_id, workflow_id) REFERENCES releases (id, workflow_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deployments_by_release ON deployments (release_id, workflow_id);
  CREATE INDEX deployments_by_workflow ON deployments (workflow_id);
`;

export interface DeploymentRow {
  readonly cluster_slug: Slug;
  readonly workflow_id: WorkflowId;
  readonly release_id: ReleaseId;
  readonly deployed_at_ms: number;
  readonly deployed_by: string;
}

export function prepareDeploymentStatements(database: Database) {
  return {
    put: prepare<
      [cluster: Slug, workflow: WorkflowId, release: ReleaseId, deployedAtMs: number, deployedBy: string]
    >(
      database,
      `INSERT INTO deployments (cluster_slug, workflow_id, release_id, deployed_at_ms, deployed_by)
       VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (cluster_slug, workflow_id) DO UPDATE SET release_id = excluded.release_id,
         deployed_at_ms = excluded.deployed_at_ms, deployed_by = excluded.deployed_by`,
    ),
    remove: prepare<[cluster: Slug, workflow: WorkflowId]>(
      database,
      "DELETE FROM deployments WHERE cluster_slug = ? AND workflow_id = ?",
    ),
    on: prepare<[cluster: Slug, workflow: WorkflowId], DeploymentRow>(
      database,
      "SELECT * FROM deployments WHERE cluster_slug = ? AND workflow_id = ?",
    ),
    ofCluster: prepare<[cluster: Slug], DeploymentRow>(
      database,
      `SELECT deployments.* FROM deployments JOIN workflows ON workflows.id = workflow_id
       WHERE cluster_slug = ? ORDER BY workflows.slug`,
    ),
    clustersOfRelease: prepare<[release: ReleaseId], ClusterRow>(
      database,
      `SELECT clusters.* FROM deployments JOIN clusters ON clusters.slug = cluster_slug
       WHERE release_id = ? ORDER BY clusters.slug`,
    ),
    clustersOfWorkflow: prepare<[workflow: WorkflowId], ClusterRow & { readonly release_id: ReleaseId }>(
      database,
      `SELECT clusters.*, release_id FROM deployments JOIN clusters ON clusters.slug = cluster_slug
       WHERE workflow_id = ? ORDER BY clusters.slug`,
    ),
  };
}
