import type { AutomationId, JobId } from "../../engine/job.ts";
import type { JobState } from "../../engine/job-state.ts";
import type { Slug } from "../../engine/slug.ts";
import { type Database, prepare } from "./statement.ts";

/**
 * Jobs count their tasks by state, so that neither reading a job nor finishing a task looks at the others.
 * What a list is filtered by stands in tables of its own, whose rows change only when a job's state does.
 * Sequences instead of ids lead from tasks to jobs, as integers are what the claim order compares.
 */
export const createJobTables = `
  CREATE TABLE jobs (
    sequence            INTEGER PRIMARY KEY,
    id                  TEXT NOT NULL UNIQUE,
    name                TEXT NOT NULL,
    folded_name         TEXT NOT NULL, -- lower case, for the filter by name
    trace_parent        TEXT NOT NULL,
    trace_id            TEXT NOT NULL, -- 32 hex characters of trace_parent, or empty
    automation_id       TEXT,
    state               INTEGER NOT NULL,
    canceled            INTEGER NOT NULL DEFAULT 0 CHECK (canceled IN (0, 1)),
    open_root_groups    INTEGER NOT NULL,
    front               INTEGER NOT NULL DEFAULT 0, -- lowest position given to a task
    queued              INTEGER NOT NULL DEFAULT 0,
    running             INTEGER NOT NULL DEFAULT 0,
    computed            INTEGER NOT NULL DEFAULT 0,
    failed              INTEGER NOT NULL DEFAULT 0,
    skipped             INTEGER NOT NULL DEFAULT 0,
    failed_optional     INTEGER NOT NULL DEFAULT 0,
    first_started_at_ms INTEGER,
    last_stopped_at_ms  INTEGER,
    compute_ms          INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX jobs_by_state ON jobs (state, id);
  CREATE INDEX jobs_by_trace ON jobs (trace_id, sequence);
  CREATE INDEX jobs_by_automation ON jobs (automation_id, id) WHERE automation_id IS NOT NULL;
  CREATE TABLE job_task_states (
    state  INTEGER NOT NULL,
    job_id TEXT NOT NULL,
    PRIMARY KEY (state, job_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE job_clusters (
    cluster TEXT NOT NULL,
    job_id  TEXT NOT NULL,
    PRIMARY KEY (cluster, job_id)
  ) STRICT, WITHOUT ROWID;
`;

/** When a job was canceled stood nowhere; that of the others is when their last task stopped. */
export const noteJobCancel = `
  ALTER TABLE jobs ADD COLUMN canceled_at_ms INTEGER;
`;

/** The wire's numbers, which are no reason for a test to look them up elsewhere. */
export const jobStateCodes: Readonly<Record<JobState, number>> = {
  submitted: 1,
  running: 2,
  started: 3,
  completed: 4,
  failed: 5,
  canceled: 6,
};

const jobStatesByCode: ReadonlyMap<number, JobState> = new Map(
  (Object.keys(jobStateCodes) as JobState[]).map((state) => [jobStateCodes[state], state]),
);

export function jobStateOfCode(code: number): JobState {
  const state = jobStatesByCode.get(code);
  if (state === undefined) throw new Error(`the store holds a job state ${code}`);
  return state;
}

export interface JobRow {
  readonly sequence: number;
  readonly id: JobId;
  readonly name: string;
  readonly trace_parent: string;
  readonly automation_id: AutomationId | null;
  readonly state: number;
  readonly canceled: 0 | 1;
  readonly open_root_groups: number;
  readonly front: number;
  readonly queued: number;
  readonly running: number;
  readonly computed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failed_optional: number;
  readonly first_started_at_ms: number | null;
  readonly last_stopped_at_ms: number | null;
  readonly compute_ms: number;
  /** Of the last CancelJob; says nothing about a job that is not canceled now. */
  readonly canceled_at_ms: number | null;
}

export const jobColumns = `sequence, id, name, trace_parent, automation_id, state, canceled, open_root_groups, front,
  queued, running, computed, failed, skipped, failed_optional, first_started_at_ms, last_stopped_at_ms,
  compute_ms, canceled_at_ms`;

export function prepareJobStatements(database: Database) {
  return {
    insert: prepare<
      [
        id: JobId,
        name: string,
        foldedName: string,
        traceParent: string,
        traceId: string,
        automation: AutomationId | null,
        state: number,
        openRootGroups: number,
      ],
      JobRow
    >(
      database,
      `INSERT INTO jobs (id, name, folded_name, trace_parent, trace_id, automation_id, state, open_root_groups)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${jobColumns}`,
    ),
    byId: prepare<[id: JobId], JobRow>(database, `SELECT ${jobColumns} FROM jobs WHERE id = ?`),
    bySequence: prepare<[sequence: number], JobRow>(
      database,
      `SELECT ${jobColumns} FROM jobs WHERE sequence = ?`,
    ),
    /** For whoever changes the job or its tasks. SQLite's one writer needs no lock. */
    lock: prepare<[sequence: number], JobRow>(database, {
      sqlite: `SELECT ${jobColumns} FROM jobs WHERE sequence = ?`,
      postgres: `SELECT ${jobColumns} FROM jobs WHERE sequence = ? FOR UPDATE`,
    }),
    /** No row while another control plane works on the job: waiting for it here could wait for ever. */
    tryLock: prepare<[sequence: number], JobRow>(database, {
      sqlite: `SELECT ${jobColumns} FROM jobs WHERE sequence = ?`,
      postgres: `SELECT ${jobColumns} FROM jobs WHERE sequence = ? FOR UPDATE SKIP LOCKED`,
    }),
    /** None of these columns has an index, so this is one page written. */
    setCounts: prepare<
      [
        openRootGroups: number,
        front: number,
        queued: number,
        running: number,
        computed: number,
        failed: number,
        skipped: number,
        failedOptional: number,
        firstStartedAtMs: number | null,
        lastStoppedAtMs: number | null,
        computeMs: number,
        sequence: number,
      ]
    >(
      database,
      `UPDATE jobs SET open_root_groups = ?, front = ?, queued = ?, running = ?, computed = ?, failed = ?,
         skipped = ?, failed_optional = ?, first_started_at_ms = ?, last_stopped_at_ms = ?, compute_ms = ?
       WHERE sequence = ?`,
    ),
    setState: prepare<[state: number, canceled: 0 | 1, canceledAtMs: number | null, sequence: number]>(
      database,
      "UPDATE jobs SET state = ?, canceled = ?, canceled_at_ms = ? WHERE sequence = ?",
    ),
    addTaskState: prepare<[state: number, job: JobId]>(
      database,
      "INSERT INTO job_task_states (state, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
    ),
    removeTaskState: prepare<[state: number, job: JobId]>(
      database,
      "DELETE FROM job_task_states WHERE state = ? AND job_id = ?",
    ),
    addCluster: prepare<[cluster: Slug, job: JobId]>(
      database,
      "INSERT INTO job_clusters (cluster, job_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
    ),
  };
}
