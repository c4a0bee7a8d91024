import { isOpen, type JobState } from "../../engine/job-state.ts";
import type { ClusterInfo } from "../../engine/release.ts";
import type { Slug } from "../../engine/slug.ts";
import { jobStateCodes } from "./job-table.ts";
import { type Database, prepare } from "./statement.ts";

export const createClusterTable = `
  CREATE TABLE clusters (
    slug         TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    description  TEXT NOT NULL,
    is_default   INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    revision     INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX one_default_cluster ON clusters (is_default) WHERE is_default = 1;
`;

const openJobStates = (Object.keys(jobStateCodes) as JobState[])
  .filter(isOpen)
  .map((state) => jobStateCodes[state]);

export interface ClusterRow {
  readonly slug: Slug;
  readonly display_name: string;
  readonly description: string;
  readonly is_default: 0 | 1;
  readonly revision: number;
}

export function prepareClusterStatements(database: Database) {
  return {
    insert: prepare<[slug: Slug, displayName: string, description: string, isDefault: 0 | 1]>(
      database,
      "INSERT INTO clusters (slug, display_name, description, is_default) VALUES (?, ?, ?, ?)",
    ),
    bySlug: prepare<[slug: Slug], ClusterRow>(database, "SELECT * FROM clusters WHERE slug = ?"),
    default: prepare<[], ClusterRow>(database, "SELECT * FROM clusters WHERE is_default = 1"),
    all: prepare<[], ClusterRow>(database, "SELECT * FROM clusters ORDER BY is_default DESC, slug"),
    update: prepare<[displayName: string | null, description: string | null, slug: Slug]>(
      database,
      `UPDATE clusters SET display_name = coalesce(?, display_name), description = coalesce(?, description)
       WHERE slug = ?`,
    ),
    raiseRevision: prepare<[slug: Slug]>(
      database,
      "UPDATE clusters SET revision = revision + 1 WHERE slug = ?",
    ),
    /** A row when there is one. Open jobs are few; the finished ones of a cluster may be millions. */
    anOpenJob: prepare<[slug: Slug], { readonly sequence: number }>(
      database,
      `SELECT sequence FROM jobs CROSS JOIN job_clusters ON job_id = jobs.id
       WHERE state IN (${openJobStates.join(", ")}) AND cluster = ? LIMIT 1`,
    ),
    delete: prepare<[slug: Slug]>(database, "DELETE FROM clusters WHERE slug = ?"),
  };
}

export function toClusterInfo(row: ClusterRow): ClusterInfo {
  return {
    slug: row.slug,
    displayName: row.display_name,
    description: row.description,
    isDefault: row.is_default === 1,
  };
}
