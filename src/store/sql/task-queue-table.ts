import type { Slug } from "../../engine/slug.ts";
import { type Database, prepare } from "./statement.ts";

/**
 * A queue is what tasks of one identifier on one cluster wait in. A runner's offer names a few of them, and
 * for each the first job, and in it the first task, is one step into an index: what a claim costs does not
 * depend on how much waits there, nor on what waits in queues the runner cannot serve.
 *
 * job_queues says where a job has tasks. `open` is the job's, so that canceling or retrying a job of a
 * million tasks changes a handful of rows. `waiting` may say 1 when nothing is left; whoever finds that out
 * corrects it, which is cheaper than counting down with every claim.
 */
export const createTaskQueueTables = `
  CREATE TABLE task_queues (
    sequence INTEGER PRIMARY KEY,
    cluster  TEXT NOT NULL,
    name     TEXT NOT NULL,
    version  TEXT NOT NULL,
    major    INTEGER NOT NULL,
    minor    INTEGER NOT NULL,
    UNIQUE (cluster, name, version)
  ) STRICT;
  CREATE INDEX task_queues_by_version ON task_queues (cluster, name, major, minor);
  CREATE TABLE job_queues (
    job     INTEGER NOT NULL, -- jobs.sequence
    queue   INTEGER NOT NULL, -- task_queues.sequence
    open    INTEGER NOT NULL CHECK (open IN (0, 1)),
    waiting INTEGER NOT NULL CHECK (waiting IN (0, 1)),
    PRIMARY KEY (job, queue)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX waiting_jobs ON job_queues (queue, job) WHERE open = 1 AND waiting = 1;
`;

export interface QueueRow {
  readonly sequence: number;
  readonly cluster: Slug;
  readonly name: string;
  readonly version: string;
  readonly major: number;
  readonly minor: number;
}

export function prepareTaskQueueStatements(database: Database) {
  return {
    find: prepare<[cluster: Slug, name: string, version: string], { readonly sequence: number }>(
      database,
      "SELECT sequence FROM task_queues WHERE cluster = ? AND name = ? AND version = ?",
    ),
    /** Another control plane may have made the same one just now: then its row is what comes back. */
    insert: prepare<
      [cluster: Slug, name: string, version: string, major: number, minor: number],
      { readonly sequence: number }
    >(
      database,
      `INSERT INTO task_queues (cluster, name, version, major, minor) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (cluster, name, version) DO UPDATE SET major = excluded.major
       RETURNING sequence`,
    ),
    bySequence: prepare<[sequence: number], QueueRow>(
      database,
      "SELECT sequence, cluster, name, version, major, minor FROM task_queues WHERE sequence = ?",
    ),
    /** The queues that a runner's task can serve. */
    servedBy: prepare<[cluster: Slug, name: string, major: number, minor: number], QueueRow>(
      database,
      `SELECT sequence, cluster, name, version, major, minor FROM task_queues
       WHERE cluster = ? AND name = ? AND major = ? AND minor <= ?`,
    ),
    /** Makes the job known in the queue; a task that cannot be claimed yet leaves `waiting` as it is. */
    addJob: prepare<[job: number, queue: number, open: 0 | 1, waiting: 0 | 1]>(
      database,
      `INSERT INTO job_queues (job, queue, open, waiting) VALUES (?, ?, ?, ?)
       ON CONFLICT (job, queue) DO UPDATE SET waiting = excluded.waiting
         WHERE job_queues.waiting < excluded.waiting`,
    ),
    setWaiting: prepare<[waiting: 0 | 1, job: number, queue: number]>(
      database,
      "UPDATE job_queues SET waiting = ?1 WHERE job = ?2 AND queue = ?3 AND waiting <> ?1",
    ),
    setOpen: prepare<[open: 0 | 1, job: number]>(database, "UPDATE job_queues SET open = ? WHERE job = ?"),
    firstWaitingJob: prepare<[queue: number, after: number], { readonly job: number }>(
      database,
      `SELECT job FROM job_queues WHERE queue = ? AND open = 1 AND waiting = 1 AND job > ?
       ORDER BY job LIMIT 1`,
    ),
    waitingOfJob: prepare<[job: number], { readonly queue: number }>(
      database,
      "SELECT queue FROM job_queues WHERE job = ? AND waiting = 1",
    ),
  };
}
