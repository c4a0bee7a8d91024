import type { JobId } from "../../engine/job.ts";
import { type JobRow, jobColumns } from "./job-table.ts";
import { type Database, prepare } from "./statement.ts";
import { taskStateCodes } from "./task-table.ts";

/**
 * Jobs whose row is gone, with all that lists are made from, but not yet their tasks and telemetry, of which
 * there can be millions. A job is removed by its row; the rest follows bit by bit, and this says of what.
 */
export const createRemovedJobTable = `
  CREATE TABLE removed_jobs (
    job INTEGER PRIMARY KEY -- what jobs.sequence was
  ) STRICT;
`;

const inState = `SELECT ${jobColumns} FROM jobs WHERE state = ? AND id > ? AND id < ? ORDER BY id LIMIT ?`;

export function prepareJobRemovalStatements(database: Database) {
  const taskStates = Object.values(taskStateCodes).join(", ");
  return {
    /** Its sequence must not be given out again, which SQLite would do. */
    newestJob: prepare<[], { readonly sequence: number }>(
      database,
      "SELECT sequence FROM jobs WHERE sequence > 0 ORDER BY sequence DESC LIMIT 1",
    ),
    /** Not those that another control plane works on: waiting for it would hold up nobody but be in its way. */
    takeInState: prepare<[state: number, after: JobId | "", before: string, limit: number], JobRow>(
      database,
      {
        sqlite: inState,
        postgres: `${inState} FOR UPDATE SKIP LOCKED`,
      },
    ),
    newestInState: prepare<[state: number, before: string, limit: number], { readonly id: JobId }>(
      database,
      "SELECT id FROM jobs WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?",
    ),
    note: prepare<[job: number]>(database, "INSERT INTO removed_jobs (job) VALUES (?)"),
    remove: prepare<[job: number]>(database, "DELETE FROM jobs WHERE sequence = ?"),
    removeTaskStates: prepare<[job: JobId]>(
      database,
      `DELETE FROM job_task_states WHERE state IN (${taskStates}) AND job_id = ?`,
    ),
    /** Where it had tasks it has queues. */
    removeClusters: prepare<[id: JobId, job: number]>(
      database,
      `DELETE FROM job_clusters WHERE job_id = ? AND cluster IN (
         SELECT task_queues.cluster FROM job_queues
           JOIN task_queues ON task_queues.sequence = job_queues.queue
         WHERE job_queues.job = ?)`,
    ),
    removeQueues: prepare<[job: number]>(database, "DELETE FROM job_queues WHERE job = ?"),
    removeProgress: prepare<[job: number]>(database, "DELETE FROM job_progress WHERE job = ?"),
  };
}

/** What is left of jobs whose row is gone. */
export function prepareRemainsStatements(database: Database) {
  return {
    oldest: prepare<[limit: number], { readonly job: number }>(
      database,
      "SELECT job FROM removed_jobs WHERE job > 0 ORDER BY job LIMIT ?",
    ),
    groups: prepare<
      [first: number, last: number, limit: number],
      { readonly sequence: number; readonly first_task: number; readonly last_task: number }
    >(
      database,
      `SELECT task_groups.sequence, task_groups.first_task, task_groups.last_task
       FROM removed_jobs CROSS JOIN task_groups ON task_groups.job = removed_jobs.job
       WHERE removed_jobs.job BETWEEN ? AND ? LIMIT ?`,
    ),
    removeTasks: prepare<[first: number, last: number]>(
      database,
      "DELETE FROM tasks WHERE sequence BETWEEN ? AND ?",
    ),
    removeTaskProgress: prepare<[first: number, last: number]>(
      database,
      "DELETE FROM task_progress WHERE task BETWEEN ? AND ?",
    ),
    setFirstTask: prepare<[firstTask: number, group: number]>(
      database,
      "UPDATE task_groups SET first_task = ? WHERE sequence = ?",
    ),
    /** Both groups of a pair are of one job. */
    removeDependencies: prepare<[dependency: number]>(
      database,
      "DELETE FROM task_group_dependencies WHERE dependency = ?",
    ),
    removeGroup: prepare<[group: number]>(database, "DELETE FROM task_groups WHERE sequence = ?"),
    usage: prepare<
      [first: number, last: number, limit: number],
      { readonly job: number; readonly kind: number }
    >(
      database,
      `SELECT telemetry_usage.job, telemetry_usage.kind
       FROM removed_jobs CROSS JOIN telemetry_usage ON telemetry_usage.job = removed_jobs.job
       WHERE removed_jobs.job BETWEEN ? AND ? LIMIT ?`,
    ),
    removeUsage: prepare<[job: number, kind: number]>(
      database,
      "DELETE FROM telemetry_usage WHERE job = ? AND kind = ?",
    ),
    forget: prepare<[job: number]>(database, "DELETE FROM removed_jobs WHERE job = ?"),
  };
}
