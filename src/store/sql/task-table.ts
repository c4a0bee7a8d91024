import type { TaskId } from "../../engine/job.ts";
import type { TaskFacts, TaskState } from "../../engine/task-state.ts";
import { type Database, prepare } from "./statement.ts";

/** A number among the advisory locks of PostgreSQL. */
const taskSequenceLock = 2_026_110_004;

/**
 * Tasks of one group have consecutive sequences, so that a group is found, listed and released as a range
 * and needs no index. `ready` says that nothing of the task's own job keeps it from being claimed; the
 * partial indexes hold only what waits, runs or has failed, so that finished history costs nothing.
 * There are no foreign keys: nothing here is ever deleted without its job, and checking them would double an insert.
 */
export const createTaskTables = `
  CREATE TABLE tasks (
    sequence          INTEGER PRIMARY KEY,
    id                TEXT NOT NULL UNIQUE,
    job               INTEGER NOT NULL, -- jobs.sequence
    task_group        INTEGER NOT NULL, -- task_groups.sequence
    parent            INTEGER,          -- tasks.sequence; NULL for root tasks
    optional_ancestor INTEGER,          -- the nearest ancestor that was submitted as optional
    queue             INTEGER NOT NULL, -- task_queues.sequence
    position          INTEGER NOT NULL, -- claim order within the job, lowest first
    state             INTEGER NOT NULL,
    ready             INTEGER NOT NULL CHECK (ready IN (0, 1)),
    optional          INTEGER NOT NULL CHECK (optional IN (0, 1)),
    abandoned         INTEGER NOT NULL DEFAULT 0 CHECK (abandoned IN (0, 1)),
    max_retries       INTEGER NOT NULL,
    retry_count       INTEGER NOT NULL DEFAULT 0,
    lost_count        INTEGER NOT NULL DEFAULT 0,
    given_back_count  INTEGER NOT NULL DEFAULT 0,
    open_groups       INTEGER NOT NULL DEFAULT 0, -- groups of sub-tasks that are not done
    started_at_ms     INTEGER,
    stopped_at_ms     INTEGER,          -- the end of the last attempt
    lease_ends_at_ms  INTEGER,
    display           TEXT NOT NULL, -- as submitted: what every attempt is given
    reported_display  TEXT,          -- what the last attempt said instead
    input             BLOB NOT NULL
  ) STRICT;
  CREATE INDEX ready_tasks ON tasks (job, queue, position) WHERE ready = 1;
  CREATE INDEX leased_tasks ON tasks (lease_ends_at_ms) WHERE state = 2;
  CREATE INDEX failed_tasks ON tasks (job) WHERE state = 4;
`;

/**
 * Tasks of a group need consecutive sequences, also when several control planes submit at once. The lock is
 * held for the moment of taking them, not for the transaction; what a transaction that is undone had taken
 * stays unused.
 */
export const createTaskSequences = `
  CREATE SEQUENCE task_sequences;
  CREATE FUNCTION take_task_sequences(taken bigint) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE first bigint;
    BEGIN
      PERFORM pg_advisory_lock(${taskSequenceLock});
      first := nextval('task_sequences');
      IF taken > 1 THEN PERFORM setval('task_sequences', first + taken - 1); END IF;
      PERFORM pg_advisory_unlock(${taskSequenceLock});
      RETURN first;
    END $$;
`;

/** The wire's numbers; the partial indexes above name 2 and 4. */
export const taskStateCodes: Readonly<Record<TaskState, number>> = {
  queued: 1,
  running: 2,
  computed: 3,
  failed: 4,
  skipped: 5,
  "failed-optional": 6,
};

const taskStatesByCode: ReadonlyMap<number, TaskState> = new Map(
  (Object.keys(taskStateCodes) as TaskState[]).map((state) => [taskStateCodes[state], state]),
);

export function taskStateOfCode(code: number): TaskState {
  const state = taskStatesByCode.get(code);
  if (state === undefined) throw new Error(`the store holds a task state ${code}`);
  return state;
}

/** What decisions need; input and display are read where they are shown. */
export interface TaskRow {
  readonly sequence: number;
  readonly id: TaskId;
  readonly job: number;
  readonly task_group: number;
  readonly optional_ancestor: number | null;
  readonly queue: number;
  readonly state: number;
  readonly optional: 0 | 1;
  readonly abandoned: 0 | 1;
  readonly max_retries: number;
  readonly retry_count: number;
  readonly lost_count: number;
  readonly given_back_count: number;
  readonly started_at_ms: number | null;
  readonly stopped_at_ms: number | null;
}

/** A task after one of its groups was done. */
export interface OpenGroups {
  readonly open_groups: number;
  readonly task_group: number;
}

export const taskColumns = `sequence, id, job, task_group, optional_ancestor, queue, state, optional, abandoned,
  max_retries, retry_count, lost_count, given_back_count, started_at_ms, stopped_at_ms`;

const endedLeases = `SELECT ${taskColumns} FROM tasks WHERE state = 2 AND lease_ends_at_ms <= ?
  ORDER BY lease_ends_at_ms LIMIT ?`;

const insertTasks = `INSERT INTO tasks (sequence, id, job, task_group, parent, optional_ancestor, queue, position,
  state, ready, optional, max_retries, display, input)`;
const runTask = `UPDATE tasks SET state = 2, ready = 0, started_at_ms = ?, lease_ends_at_ms = ? WHERE sequence = ?
  RETURNING id, display, input, retry_count`;
const stopTask = `UPDATE tasks SET state = ?, ready = 0, stopped_at_ms = ?, reported_display = ?, open_groups = ?,
    lease_ends_at_ms = NULL
  WHERE sequence = ?`;

export function toTaskFacts(row: TaskRow): TaskFacts {
  return {
    state: taskStateOfCode(row.state),
    started: row.started_at_ms !== null,
    optional: row.optional === 1,
    inOptionalBranch: row.optional_ancestor !== null,
    abandoned: row.abandoned === 1,
    maxRetries: row.max_retries,
    retryCount: row.retry_count,
    lostCount: row.lost_count,
    givenBackCount: row.given_back_count,
  };
}

export function prepareTaskStatements(database: Database) {
  return {
    /** A task whose job was removed is as unknown as none: see removed-job-table.ts. */
    byId: prepare<[id: TaskId], TaskRow>(
      database,
      `SELECT ${taskColumns} FROM tasks
       WHERE id = ? AND EXISTS (SELECT 1 FROM jobs WHERE jobs.sequence = tasks.job)`,
    ),
    bySequence: prepare<[sequence: number], TaskRow>(
      database,
      `SELECT ${taskColumns} FROM tasks WHERE sequence = ?`,
    ),
    displays: prepare<[sequence: number], { readonly display: string; readonly reported: string | null }>(
      database,
      "SELECT display, reported_display AS reported FROM tasks WHERE sequence = ?",
    ),
    /** With what the others have no use for, so that a thousand of them need no thousand questions more. */
    failedOfJob: prepare<[job: number], TaskRow & { readonly reported: string | null }>(
      database,
      `SELECT ${taskColumns}, reported_display AS reported FROM tasks WHERE job = ? AND state = 4 ORDER BY sequence`,
    ),
    /** The first of so many consecutive sequences that nobody else takes. */
    takeSequences: prepare<[count: number], { readonly first: number }>(database, {
      sqlite: "SELECT coalesce(max(sequence), 0) + 1 AS first, ? AS taken FROM tasks",
      postgres: "SELECT take_task_sequences(?) AS first",
    }),
    insert: prepare<
      [
        sequence: number,
        id: TaskId,
        job: number,
        group: number,
        parent: number | null,
        optionalAncestor: number | null,
        queue: number,
        position: number,
        state: number,
        ready: 0 | 1,
        optional: 0 | 1,
        maxRetries: number,
        display: string,
        input: Uint8Array,
      ]
    >(database, {
      sqlite: `${insertTasks} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      postgres: `${insertTasks} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      postgresRows: {
        table: "tasks",
        row: 0,
        sql: `${insertTasks}
                SELECT * FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
                  ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::bytea[])`,
      },
    }),
    run: prepare<
      [startedAtMs: number, leaseEndsAtMs: number, sequence: number],
      {
        readonly id: TaskId;
        readonly display: string;
        readonly input: Uint8Array;
        readonly retry_count: number;
      }
    >(database, {
      sqlite: runTask,
      postgres: runTask,
      postgresRows: {
        table: "tasks",
        row: 2,
        sql: `UPDATE tasks SET state = 2, ready = 0, started_at_ms = row.started_at_ms,
                  lease_ends_at_ms = row.lease_ends_at_ms
                FROM unnest(?::bigint[], ?::bigint[], ?::bigint[]) AS row (started_at_ms, lease_ends_at_ms, sequence)
                WHERE tasks.sequence = row.sequence`,
      },
    }),
    stop: prepare<
      [
        state: number,
        stoppedAtMs: number,
        reportedDisplay: string | null,
        openGroups: number,
        sequence: number,
      ]
    >(database, {
      sqlite: stopTask,
      postgres: stopTask,
      postgresRows: {
        table: "tasks",
        row: 4,
        sql: `UPDATE tasks SET state = row.state, ready = 0, stopped_at_ms = row.stopped_at_ms,
                  reported_display = row.display, open_groups = row.open_groups, lease_ends_at_ms = NULL
                FROM unnest(?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::bigint[])
                  AS row (state, stopped_at_ms, display, open_groups, sequence)
                WHERE tasks.sequence = row.sequence`,
      },
    }),
    requeue: prepare<
      [
        retryCount: number,
        lostCount: number,
        givenBackCount: number,
        reportedDisplay: string | null,
        stoppedAtMs: number,
        sequence: number,
      ]
    >(
      database,
      `UPDATE tasks SET state = 1, ready = 1, lease_ends_at_ms = NULL, retry_count = ?, lost_count = ?,
         given_back_count = ?, reported_display = ?, stopped_at_ms = ?
       WHERE sequence = ?`,
    ),
    setLease: prepare<[leaseEndsAtMs: number, sequence: number]>(
      database,
      "UPDATE tasks SET lease_ends_at_ms = ? WHERE sequence = ?",
    ),
    setOpenGroups: prepare<[openGroups: number, sequence: number]>(
      database,
      "UPDATE tasks SET open_groups = ? WHERE sequence = ?",
    ),
    closeOneGroup: prepare<[sequence: number], OpenGroups>(
      database,
      `UPDATE tasks SET open_groups = open_groups - 1 WHERE sequence = ?
       RETURNING open_groups, task_group`,
    ),
    skipQueued: prepare<[firstTask: number, lastTask: number]>(
      database,
      "UPDATE tasks SET state = 5, ready = 0 WHERE sequence BETWEEN ? AND ? AND state = 1",
    ),
    abandonRunning: prepare<[firstTask: number, lastTask: number]>(
      database,
      "UPDATE tasks SET abandoned = 1 WHERE sequence BETWEEN ? AND ? AND state = 2",
    ),
    openComputed: prepare<[firstTask: number, lastTask: number], { readonly sequence: number }>(
      database,
      "SELECT sequence FROM tasks WHERE sequence BETWEEN ? AND ? AND state = 3 AND open_groups > 0",
    ),
    queuesOfQueued: prepare<[firstTask: number, lastTask: number], { readonly queue: number }>(
      database,
      "SELECT queue FROM tasks WHERE sequence BETWEEN ? AND ? AND state = 1",
    ),
    release: prepare<[firstTask: number, lastTask: number]>(
      database,
      "UPDATE tasks SET ready = 1 WHERE sequence BETWEEN ? AND ? AND state = 1",
    ),
    firstReady: prepare<
      [job: number, queue: number],
      { readonly sequence: number; readonly position: number }
    >(
      database,
      `SELECT sequence, position FROM tasks WHERE job = ? AND queue = ? AND ready = 1
       ORDER BY position LIMIT 1`,
    ),
    /** Control planes share the work: each takes what no other works on just now. */
    leasesEndedBy: prepare<[atMs: number, limit: number], TaskRow>(database, {
      sqlite: endedLeases,
      postgres: `${endedLeases} FOR UPDATE SKIP LOCKED`,
    }),
    nextLeaseEnd: prepare<[], { readonly lease_ends_at_ms: number }>(
      database,
      "SELECT lease_ends_at_ms FROM tasks WHERE state = 2 AND lease_ends_at_ms > 0 ORDER BY lease_ends_at_ms LIMIT 1",
    ),
    extendLeasesTo: prepare<[leaseEndsAtMs: number, before: number]>(
      database,
      "UPDATE tasks SET lease_ends_at_ms = ? WHERE state = 2 AND lease_ends_at_ms < ?",
    ),
  };
}
