import type { ArtifactId, ReleaseId, WorkflowId } from "../../engine/id.ts";
import type { ClusterInfo, Release } from "../../engine/release.ts";
import { type Database, prepare } from "./statement.ts";

/**
 * One release per workflow, content and artifact, whatever races. The file tree has a table of its own:
 * it can be a hundred times the size of the rest and is seldom read.
 */
export const createReleaseTables = `
  CREATE TABLE releases (
    id                   TEXT PRIMARY KEY,
    workflow_id          TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    artifact_id          TEXT NOT NULL REFERENCES artifacts (id),
    fingerprint          TEXT NOT NULL,
    tasks                TEXT NOT NULL, -- JSON: [{name, version}]
    runner_object_path   TEXT NOT NULL,
    command_override     TEXT NOT NULL, -- JSON: [argument]
    file_tree_size_bytes INTEGER NOT NULL,
    created_at_ms        INTEGER NOT NULL,
    UNIQUE (workflow_id, fingerprint, artifact_id),
    UNIQUE (id, workflow_id)
  ) STRICT;
  CREATE INDEX releases_by_age ON releases (workflow_id, created_at_ms DESC, id DESC);
  CREATE INDEX releases_by_artifact ON releases (artifact_id);
  CREATE TABLE release_file_trees (
    release_id TEXT PRIMARY KEY REFERENCES releases (id) ON DELETE CASCADE,
    tree       TEXT NOT NULL -- JSON: FileTree
  ) STRICT;
`;

export interface ReleaseRow {
  readonly id: ReleaseId;
  readonly workflow_id: WorkflowId;
  readonly artifact_id: ArtifactId;
  readonly digest: string;
  readonly fingerprint: string;
  readonly tasks: string;
  readonly runner_object_path: string;
  readonly command_override: string;
  readonly file_tree_size_bytes: number;
  readonly created_at_ms: number;
}

export function prepareReleaseStatements(database: Database) {
  const select =
    "SELECT releases.*, artifacts.digest FROM releases JOIN artifacts ON artifacts.id = artifact_id";
  return {
    insert: prepare<
      [
        id: ReleaseId,
        workflow: WorkflowId,
        artifact: ArtifactId,
        fingerprint: string,
        tasks: string,
        runnerObjectPath: string,
        commandOverride: string,
        fileTreeSizeBytes: number,
        createdAtMs: number,
      ]
    >(
      database,
      `INSERT INTO releases (id, workflow_id, artifact_id, fingerprint, tasks, runner_object_path,
         command_override, file_tree_size_bytes, created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertFileTree: prepare<[release: ReleaseId, tree: string]>(
      database,
      "INSERT INTO release_file_trees (release_id, tree) VALUES (?, ?)",
    ),
    fileTree: prepare<[release: ReleaseId], { readonly tree: string }>(
      database,
      "SELECT tree FROM release_file_trees WHERE release_id = ?",
    ),
    byId: prepare<[release: ReleaseId], ReleaseRow>(database, `${select} WHERE releases.id = ?`),
    byContent: prepare<[workflow: WorkflowId, fingerprint: string, artifact: ArtifactId], ReleaseRow>(
      database,
      `${select} WHERE workflow_id = ? AND fingerprint = ? AND artifact_id = ?`,
    ),
    ofWorkflow: prepare<[workflow: WorkflowId], ReleaseRow>(
      database,
      `${select} WHERE workflow_id = ? ORDER BY releases.created_at_ms DESC, releases.id DESC`,
    ),
    delete: prepare<[release: ReleaseId]>(database, "DELETE FROM releases WHERE id = ?"),
  };
}

export function toRelease(row: ReleaseRow, clusters: readonly ClusterInfo[]): Release {
  return {
    id: row.id,
    artifact: { id: row.artifact_id, digest: row.digest },
    content: {
      fingerprint: row.fingerprint,
      tasks: JSON.parse(row.tasks),
      runnerObjectPath: row.runner_object_path,
      commandOverride: JSON.parse(row.command_override),
    },
    fileTreeSizeBytes: row.file_tree_size_bytes,
    createdAtMs: row.created_at_ms,
    clusters,
  };
}
