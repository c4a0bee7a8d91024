import type { Job, JobId } from "../../engine/job.ts";
import type { JobState } from "../../engine/job-state.ts";
import type { JobQuery, OpenJobState, QueueDepth, QueueStats, TimeInterval } from "../job-port.ts";
import { idsFrom, submittedAtMs } from "./job-id-times.ts";
import { toJob } from "./job-records.ts";
import { jobStateCodes, jobStateOfCode } from "./job-table.ts";
import { type Database, prepare, returned, type SqlValue } from "./statement.ts";
import { taskStateCodes } from "./task-table.ts";
import type { TaskTables } from "./task-work.ts";

export interface JobQueries {
  queryJobs(query: JobQuery): { readonly jobs: readonly Job[]; readonly hasMore: boolean };
  countJobs(interval: TimeInterval): ReadonlyMap<JobState, number>;
  readQueueStats(interval: TimeInterval): QueueStats;
  readQueueDepth(limit: number): QueueDepth;
}

/** A part of a WHERE clause and the values of its placeholders. */
interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/**
 * Where the ids of matching jobs are read from in order, one index walk a value: walks are merged and stop
 * at the page's end, so that a list of newest jobs does not read the oldest.
 */
interface Walk {
  /** Names the column `job_id`, restricted by `key = ?`. */
  readonly from: string;
  readonly key: SqlValue | undefined;
}

export function createJobQueries(database: Database, { jobs, progress }: TaskTables): JobQueries {
  const all = <Row>({ sql, values }: Condition): Row[] =>
    prepare<readonly SqlValue[], Row>(database, sql).all(...values);
  const oldestJobs = prepareOldestJobs(database);
  const load = (id: JobId): Job => {
    const row = returned(jobs.byId.get(id));
    return toJob(row, progress.ofJob.all(row.sequence));
  };

  return {
    queryJobs(query) {
      const page = selectIds(query);
      const ids = page === undefined ? [] : all<{ readonly job_id: JobId }>(page);
      const hasMore = ids.length > query.limit;
      return { jobs: ids.slice(0, query.limit).map((row) => load(row.job_id)), hasMore };
    },

    countJobs(interval) {
      const where = join(timeConditions(interval, "id"));
      const rows = all<{ readonly state: number; readonly count: number }>({
        sql: `SELECT state, count(*) AS count FROM jobs WHERE ${where.sql} GROUP BY state`,
        values: where.values,
      });
      return new Map(rows.map((row) => [jobStateOfCode(row.state), row.count]));
    },

    readQueueStats(interval) {
      const time = timeConditions(interval, "id");
      const { submitted, running, started } = jobStateCodes;
      const open = join([{ sql: `state IN (${submitted}, ${running}, ${started})`, values: [] }, ...time]);
      const waiting = join([{ sql: "queued > 0 AND running = 0", values: [] }, open]);
      const totals = all<{ waiting: number; running: number; queued: number }>({
        sql: `SELECT count(*) FILTER (WHERE queued > 0 AND running = 0) AS waiting,
                count(*) FILTER (WHERE running > 0) AS running, coalesce(sum(queued), 0) AS queued
              FROM jobs WHERE ${open.sql}`,
        values: open.values,
      });
      const [oldest] = all<{ readonly id: JobId }>({
        sql: `SELECT id FROM jobs WHERE ${waiting.sql} ORDER BY id LIMIT 1`,
        values: waiting.values,
      });
      const { waiting: waitingJobs, running: runningJobs, queued: queuedTasks } = returned(totals[0]);
      return {
        waitingJobs,
        runningJobs,
        queuedTasks,
        oldestWaiting: oldest === undefined ? undefined : load(oldest.id),
      };
    },

    readQueueDepth(limit) {
      const oldest = (state: OpenJobState) => returned(oldestJobs.get(jobStateCodes[state], limit));
      return toDepth(oldest("submitted"), oldest("running"), oldest("started"));
    },
  };
}

interface DepthRow {
  readonly jobs: number;
  readonly queued: number;
  readonly running: number;
  readonly oldest_waiting: JobId | null;
}

/** Walks jobs_by_state up to the limit. */
function prepareOldestJobs(database: Database) {
  return prepare<[state: number, limit: number], DepthRow>(
    database,
    `SELECT count(*) AS jobs, coalesce(sum(queued), 0) AS queued, coalesce(sum(running), 0) AS running,
       min(id) FILTER (WHERE queued > 0 AND running = 0) AS oldest_waiting
     FROM (SELECT id, queued, running FROM jobs WHERE state = ? ORDER BY id LIMIT ?) AS oldest`,
  );
}

function toDepth(submitted: DepthRow, running: DepthRow, started: DepthRow): QueueDepth {
  const rows = [submitted, running, started];
  const [oldest] = rows.flatMap((row) => row.oldest_waiting ?? []).toSorted();
  return {
    jobs: { submitted: submitted.jobs, running: running.jobs, started: started.jobs },
    queuedTasks: rows.reduce((sum, row) => sum + row.queued, 0),
    runningTasks: rows.reduce((sum, row) => sum + row.running, 0),
    oldestWaitingMs: oldest === undefined ? undefined : submittedAtMs(oldest),
  };
}

/** Undefined when no job can match. */
function selectIds(query: JobQuery): Condition | undefined {
  const descending = query.direction === "descending";
  const order = descending ? "DESC" : "ASC";
  const place = placeConditions(query);
  const filters = filterConditions(query);
  const walks = chooseWalks(query).map(({ from, key }): Condition => {
    const own = key === undefined ? [] : [{ sql: "key = ?", values: [key] }];
    const where = join([...own, ...place, ...filters]);
    return {
      sql: `SELECT job_id FROM (SELECT walked.job_id FROM (${from}) AS walked WHERE ${where.sql}
            ORDER BY walked.job_id ${order} LIMIT ?) AS page`,
      values: [...where.values, query.limit + 1],
    };
  });
  if (walks.length === 0) return undefined;
  return {
    sql: `${walks.map((walk) => walk.sql).join(" UNION ")} ORDER BY job_id ${order} LIMIT ?`,
    values: [...walks.flatMap((walk) => walk.values), query.limit + 1],
  };
}

/** The most selective filter leads; the others are looked up for each job it finds. */
function chooseWalks(query: JobQuery): Walk[] {
  if (query.states.length > 0) {
    const from = "SELECT state AS key, id AS job_id FROM jobs";
    return query.states.map((state) => ({ from, key: jobStateCodes[state] }));
  }
  if (query.taskStates.length > 0) {
    const from = "SELECT state AS key, job_id FROM job_task_states";
    return query.taskStates.map((state) => ({ from, key: taskStateCodes[state] }));
  }
  if (query.automations.length > 0) {
    const from = "SELECT automation_id AS key, id AS job_id FROM jobs WHERE automation_id IS NOT NULL";
    return query.automations.map((key) => ({ from, key }));
  }
  if (query.clusters.length > 0) {
    const from = "SELECT cluster AS key, job_id FROM job_clusters";
    return query.clusters.map((key) => ({ from, key }));
  }
  return [{ from: "SELECT id AS job_id FROM jobs", key: undefined }];
}

function placeConditions({ time, ids, direction, startingAfter }: JobQuery): Condition[] {
  const conditions = time === undefined ? [] : timeConditions(time, "job_id");
  if (ids?.start !== undefined) {
    conditions.push({ sql: `job_id ${ids.startExclusive ? ">" : ">="} ?`, values: [ids.start] });
  }
  if (ids?.end !== undefined) {
    conditions.push({ sql: `job_id ${ids.endInclusive ? "<=" : "<"} ?`, values: [ids.end] });
  }
  if (startingAfter !== undefined) {
    conditions.push({ sql: `job_id ${direction === "descending" ? "<" : ">"} ?`, values: [startingAfter] });
  }
  return conditions;
}

/** Jobs are submitted at the millisecond in their id, so an interval of time is one of ids. */
function timeConditions({ fromMs, beforeMs }: TimeInterval, column: string): Condition[] {
  const from = fromMs === undefined ? [] : [{ sql: `${column} >= ?`, values: [idsFrom(fromMs)] }];
  const before = beforeMs === undefined ? [] : [{ sql: `${column} < ?`, values: [idsFrom(beforeMs)] }];
  return [...from, ...before];
}

/** Filters beside the one that leads; that one is repeated here, which costs little and keeps this simple. */
function filterConditions(query: JobQuery): Condition[] {
  const conditions: Condition[] = [];
  const states = query.states.map((state) => jobStateCodes[state]);
  const names = query.nameWords.map((word) => ({
    // Whether it contains the word, in a way that both engines know.
    sql: "replace(folded_name, ?, '') <> folded_name",
    values: [word],
  }));
  const ofJob = [
    ...(states.length > 0 ? [{ sql: `state IN (${marks(states)})`, values: states }] : []),
    ...(query.automations.length > 0
      ? [{ sql: `automation_id IN (${marks(query.automations)})`, values: query.automations }]
      : []),
    ...names,
  ];
  if (ofJob.length > 0) {
    const where = join([{ sql: "jobs.id = walked.job_id", values: [] }, ...ofJob]);
    conditions.push({ sql: `EXISTS (SELECT 1 FROM jobs WHERE ${where.sql})`, values: where.values });
  }
  if (query.taskStates.length > 0) {
    const codes = query.taskStates.map((state) => taskStateCodes[state]);
    conditions.push(existsIn("job_task_states", "state", codes));
  }
  if (query.clusters.length > 0) conditions.push(existsIn("job_clusters", "cluster", query.clusters));
  return conditions;
}

function existsIn(table: string, column: string, values: readonly SqlValue[]): Condition {
  return {
    sql: `EXISTS (SELECT 1 FROM ${table} AS found WHERE found.${column} IN (${marks(values)})
          AND found.job_id = walked.job_id)`,
    values,
  };
}

function marks(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}

function join(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: "TRUE", values: [] };
  return {
    sql: conditions.map((condition) => condition.sql).join(" AND "),
    values: conditions.flatMap((condition) => condition.values),
  };
}
