import type { WorkflowId } from "../../engine/id.ts";
import type { WorkflowInfo } from "../../engine/release.ts";
import type { Slug } from "../../engine/slug.ts";
import { type Database, prepare } from "./statement.ts";

export const createWorkflowTable = `
  CREATE TABLE workflows (
    id            TEXT PRIMARY KEY,
    slug          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    summary       TEXT NOT NULL,
    description   TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
`;

export interface WorkflowRow {
  readonly id: WorkflowId;
  readonly slug: Slug;
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly created_at_ms: number;
}

export function prepareWorkflowStatements(database: Database) {
  return {
    insert: prepare<
      [id: WorkflowId, slug: Slug, name: string, summary: string, description: string, createdAtMs: number]
    >(
      database,
      `INSERT INTO workflows (id, slug, name, summary, description, created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    bySlug: prepare<[slug: Slug], WorkflowRow>(database, "SELECT * FROM workflows WHERE slug = ?"),
    byId: prepare<[id: WorkflowId], WorkflowRow>(database, "SELECT * FROM workflows WHERE id = ?"),
    /** Ids ascend with time, so they are the order of a list and the place where the next page begins. */
    after: prepare<[after: string, limit: number], WorkflowRow>(
      database,
      "SELECT * FROM workflows WHERE id > ? ORDER BY id LIMIT ?",
    ),
    update: prepare<[name: string | null, summary: string | null, description: string | null, slug: Slug]>(
      database,
      `UPDATE workflows SET name = coalesce(?, name), summary = coalesce(?, summary),
         description = coalesce(?, description)
       WHERE slug = ?`,
    ),
    delete: prepare<[id: WorkflowId]>(database, "DELETE FROM workflows WHERE id = ?"),
  };
}

export function toWorkflowInfo(row: WorkflowRow): WorkflowInfo {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    summary: row.summary,
    description: row.description,
    createdAtMs: row.created_at_ms,
  };
}
