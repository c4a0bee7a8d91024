import { type Database, prepare } from "./statement.ts";

/**
 * Dependencies stand between the groups of one submission, as on the wire: a row a pair of groups, never a
 * row a pair of tasks.
 */
export const createTaskGroupTables = `
  CREATE TABLE task_groups (
    sequence           INTEGER PRIMARY KEY,
    job                INTEGER NOT NULL,
    parent             INTEGER,          -- tasks.sequence; NULL for root tasks
    first_task         INTEGER NOT NULL,
    last_task          INTEGER NOT NULL,
    open_members       INTEGER NOT NULL, -- tasks whose subtree is not done
    unmet_dependencies INTEGER NOT NULL  -- groups it still waits for
  ) STRICT;
  CREATE INDEX task_groups_by_parent ON task_groups (job, parent);
  CREATE TABLE task_group_dependencies (
    dependency INTEGER NOT NULL,
    dependent  INTEGER NOT NULL,
    PRIMARY KEY (dependency, dependent)
  ) STRICT, WITHOUT ROWID;
`;

/** See the list of a group's dependencies: task-list.ts. */
export const indexTaskGroupDependents = `
  CREATE INDEX task_group_dependents ON task_group_dependencies (dependent);
`;

export interface GroupRow {
  readonly sequence: number;
  readonly job: number;
  readonly parent: number | null;
  readonly first_task: number;
  readonly last_task: number;
}

/** A group after one of its members was done. */
export interface OpenMembers {
  readonly open_members: number;
  readonly parent: number | null;
}

const setOpenMembers = "UPDATE task_groups SET open_members = ? WHERE sequence = ?";

export function prepareTaskGroupStatements(database: Database) {
  return {
    insert: prepare<
      [
        job: number,
        parent: number | null,
        firstTask: number,
        lastTask: number,
        openMembers: number,
        unmetDependencies: number,
      ],
      { readonly sequence: number }
    >(
      database,
      `INSERT INTO task_groups (job, parent, first_task, last_task, open_members, unmet_dependencies)
       VALUES (?, ?, ?, ?, ?, ?) RETURNING sequence`,
    ),
    insertDependency: prepare<[dependency: number, dependent: number]>(
      database,
      "INSERT INTO task_group_dependencies (dependency, dependent) VALUES (?, ?)",
    ),
    dependents: prepare<[dependency: number], { readonly group: number; readonly unmetDependencies: number }>(
      database,
      `SELECT task_groups.sequence AS "group", task_groups.unmet_dependencies AS "unmetDependencies"
       FROM task_group_dependencies JOIN task_groups ON task_groups.sequence = dependent
       WHERE dependency = ?`,
    ),
    closeOneMember: prepare<[sequence: number], OpenMembers>(
      database,
      `UPDATE task_groups SET open_members = open_members - 1 WHERE sequence = ?
       RETURNING open_members, parent`,
    ),
    meetOneDependency: prepare<[sequence: number]>(
      database,
      "UPDATE task_groups SET unmet_dependencies = unmet_dependencies - 1 WHERE sequence = ?",
    ),
    setOpenMembers: prepare<[openMembers: number, sequence: number]>(database, {
      sqlite: setOpenMembers,
      postgres: setOpenMembers,
      postgresRows: {
        table: "task_groups",
        row: 1,
        sql: `UPDATE task_groups SET open_members = row.open_members
                FROM unnest(?::bigint[], ?::bigint[]) AS row (open_members, sequence)
                WHERE task_groups.sequence = row.sequence`,
      },
    }),
    bySequence: prepare<[sequence: number], GroupRow>(
      database,
      "SELECT sequence, job, parent, first_task, last_task FROM task_groups WHERE sequence = ?",
    ),
    openUnder: prepare<[job: number, parent: number], GroupRow>(
      database,
      `SELECT sequence, job, parent, first_task, last_task FROM task_groups
       WHERE job = ? AND parent = ? AND open_members > 0`,
    ),
  };
}
