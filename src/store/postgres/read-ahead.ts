/** What a transaction reads of the jobs that it works on, once for all of its operations: see working-rows.ts. */
import { jobColumns } from "../sql/job-table.ts";
import { type TaskRow, taskColumns } from "../sql/task-table.ts";
import { postgresStatement } from "./statement-text.ts";

/** A task that can be claimed, with what its runner is given. */
export interface ReadyRow {
  readonly job: number;
  readonly queue: number;
  readonly sequence: number;
  readonly position: number;
  readonly id: TaskRow["id"];
  readonly display: string;
  readonly input: Uint8Array;
  readonly retry_count: number;
}

/** As many as are read when a transaction claims more of one queue than it has operations. */
export const readyAhead = 64;

/**
 * A job's row stands for all of its tasks: who changes any of them locks it first. All rows that are known
 * beforehand are locked at once and in one order, and of others only those that are free, so that no two
 * transactions wait for each other.
 */
export const lockJobs = postgresStatement(
  `SELECT ${jobColumns} FROM jobs WHERE sequence IN (
     SELECT job FROM tasks WHERE id = ANY(?)
     UNION SELECT sequence FROM jobs WHERE id = ANY(?)
     UNION SELECT unnest(?::bigint[])
   ) ORDER BY sequence FOR UPDATE`,
  true,
);

export const ofTasks = {
  tasks: postgresStatement(`SELECT ${taskColumns} FROM tasks WHERE id = ANY(?)`, true),
  groups: postgresStatement(
    `SELECT sequence, open_members, parent FROM task_groups
     WHERE sequence IN (SELECT task_group FROM tasks WHERE id = ANY(?))`,
    true,
  ),
  waiting: postgresStatement(
    "SELECT job, queue FROM job_queues WHERE waiting = 1 AND job IN (SELECT job FROM tasks WHERE id = ANY(?))",
    true,
  ),
  /** The second parameter: as many as the transaction may claim of each queue. */
  ready: postgresStatement(
    `SELECT of.job, of.queue, sequence, position, id, display, input, retry_count
     FROM (SELECT DISTINCT job, queue FROM tasks WHERE id = ANY(?)) AS of
       JOIN LATERAL (
         SELECT sequence, position, id, display, input, retry_count FROM tasks
         WHERE job = of.job AND queue = of.queue AND ready = 1 ORDER BY position LIMIT ?
       ) AS ready ON TRUE
     ORDER BY position`,
    true,
  ),
};
