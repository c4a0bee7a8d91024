import type { JobRow } from "../sql/job-table.ts";
import type { JobScope } from "../sql/session.ts";
import { type Database, prepare } from "../sql/statement.ts";
import type { OpenMembers } from "../sql/task-group-table.ts";
import type { TaskRow } from "../sql/task-table.ts";
import type { TaskTables } from "../sql/task-work.ts";
import type { ClientExecutor } from "./connection.ts";
import { KnownQueues } from "./known-queues.ts";
import { lockJobs, ofTasks, type ReadyRow, readyAhead } from "./read-ahead.ts";
import type { Parameter, Replay } from "./replay.ts";
import type { PreparedSql } from "./statement-text.ts";

interface ReadyList {
  readonly rows: ReadyRow[];
  /** Whether nothing else was ready when they were read. */
  readonly isWhole: boolean;
}

/**
 * What the operations of one transaction need of the jobs that it has locked, read for all of them in one
 * way to the server; and kept, so that the usual report and claim need no other. Nobody else can change
 * these rows until the transaction ends. What an operation changes here it also sends; what it changes in
 * another way is dropped here and read again.
 */
export class WorkingRows {
  readonly #replay: Replay;
  readonly #jobs = new Map<number, JobRow>();
  readonly #tasks = new Map<string, TaskRow>();
  readonly #groups = new Map<number, OpenMembers>();
  readonly #ready = new Map<number, Map<number, ReadyList>>();
  readonly #waiting = new Map<number, { readonly queue: number }[]>();
  readonly #known: KnownQueues;
  /** Offers of runners that were matched with queues before there were others. */
  forgetOffers: () => void = () => {};

  constructor(replay: Replay) {
    this.#replay = replay;
    this.#known = new KnownQueues(replay);
  }

  /** Locks and reads at the beginning of a transaction. */
  async begin(executor: ClientExecutor, scopes: readonly Partial<JobScope>[]): Promise<void> {
    const [hasNewQueues] = await Promise.all([this.#known.begin(executor), this.#lock(executor, scopes)]);
    if (hasNewQueues) this.forgetOffers();
  }

  async #lock(executor: ClientExecutor, scopes: readonly Partial<JobScope>[]): Promise<void> {
    for (const rows of [this.#jobs, this.#tasks, this.#groups, this.#ready, this.#waiting]) rows.clear();
    const tasks = scopes.flatMap((scope) => scope.tasks ?? []);
    const jobs = scopes.flatMap((scope) => scope.jobs ?? []);
    const sequences = scopes.flatMap((scope) => scope.sequences ?? []);
    if (tasks.length + jobs.length + sequences.length === 0) return;
    const ask = async <Row>(statement: PreparedSql, values: readonly Parameter[]) =>
      (await executor.query(statement, values)).rows as readonly Row[];
    const [locked, ...read] = await Promise.all([
      ask<JobRow>(lockJobs, [tasks, jobs, sequences]),
      ...(tasks.length === 0
        ? []
        : ([
            ask<TaskRow>(ofTasks.tasks, [tasks]),
            ask<OpenMembers & { readonly sequence: number }>(ofTasks.groups, [tasks]),
            ask<{ readonly job: number; readonly queue: number }>(ofTasks.waiting, [tasks]),
            ask<ReadyRow>(ofTasks.ready, [tasks, scopes.length]),
          ] as const)),
    ]);
    for (const row of locked ?? []) this.#jobs.set(row.sequence, row);
    const [taskRows = [], groupRows = [], waitingRows = [], readyRows = []] = read;
    // Whose job is not there was removed with it.
    for (const row of taskRows) if (this.#jobs.has(row.job)) this.#tasks.set(row.id, row);
    for (const { sequence, ...row } of groupRows) this.#groups.set(sequence, row);
    for (const { job, queue } of taskRows) {
      this.#waiting.set(job, []);
      this.#keepReady(job, queue, [], scopes.length);
    }
    for (const { job, queue } of waitingRows) this.#waiting.get(job)?.push({ queue });
    const lists = Map.groupBy(readyRows, ({ job, queue }) => `${job} ${queue}`);
    for (const list of lists.values()) {
      const [first] = list;
      if (first !== undefined) this.#keepReady(first.job, first.queue, list, scopes.length);
    }
  }

  /** `limit`: how many were asked for. */
  #keepReady(job: number, queue: number, rows: ReadyRow[], limit: number): ReadyList {
    const ofJob = this.#ready.get(job) ?? new Map<number, ReadyList>();
    const list = { rows, isWhole: rows.length < limit };
    this.#ready.set(job, ofJob.set(queue, list));
    return list;
  }

  #dropTask(sequence: number): void {
    for (const [id, row] of this.#tasks) if (row.sequence === sequence) this.#tasks.delete(id);
  }

  /**
   * The tables, with these rows before them. What is looked up here is noted as a step of the operation, so
   * that it is the same when the operation is begun again.
   */
  before(tables: TaskTables, database: Database): TaskTables {
    const { jobs, tasks, groups, queues } = tables;
    const once = <Value>(make: () => Value) => this.#replay.once(make);
    const readReady = prepare<[job: number, queue: number, limit: number], ReadyRow>(
      database,
      `SELECT job, queue, sequence, position, id, display, input, retry_count FROM tasks
       WHERE job = ? AND queue = ? AND ready = 1 ORDER BY position LIMIT ?`,
    );
    return {
      ...tables,
      jobs: { ...jobs, lock: { ...jobs.lock, get: (job) => this.#jobs.get(job) ?? jobs.lock.get(job) } },
      tasks: { ...tasks, ...this.#taskStatements(tasks, readReady) },
      groups: {
        ...groups,
        closeOneMember: {
          ...groups.closeOneMember,
          get: (group) => {
            const after = once(() => this.#closeOneMember(group));
            if (after === undefined) return groups.closeOneMember.get(group);
            // Nobody else counts here meanwhile, and the last count of many is the only one to be written.
            groups.setOpenMembers.run(after.open_members, group);
            return after;
          },
        },
        setOpenMembers: {
          ...groups.setOpenMembers,
          run: (openMembers, group) => {
            this.#groups.delete(group);
            groups.setOpenMembers.run(openMembers, group);
          },
        },
      },
      queues: { ...queues, ...this.#waitingStatements(queues), ...this.#known.statements(queues, database) },
    };
  }

  /** Where a job has tasks that wait. */
  #waitingStatements(queues: TaskTables["queues"]): Partial<TaskTables["queues"]> {
    return {
      waitingOfJob: {
        ...queues.waitingOfJob,
        all: (job) =>
          this.#replay.once(() => this.#waiting.get(job)?.slice()) ?? queues.waitingOfJob.all(job),
      },
      setWaiting: {
        ...queues.setWaiting,
        run: (waiting, job, queue) => {
          this.#waiting.delete(job);
          queues.setWaiting.run(waiting, job, queue);
        },
      },
      addJob: {
        ...queues.addJob,
        run: (job, queue, open, waiting) => {
          this.#waiting.delete(job);
          queues.addJob.run(job, queue, open, waiting);
        },
      },
    };
  }

  #closeOneMember(group: number): OpenMembers | undefined {
    const row = this.#groups.get(group);
    if (row === undefined) return undefined;
    const after = { ...row, open_members: row.open_members - 1 };
    this.#groups.set(group, after);
    return after;
  }

  #taskStatements(
    tasks: TaskTables["tasks"],
    readReady: { all(job: number, queue: number, limit: number): ReadyRow[] },
  ): Partial<TaskTables["tasks"]> {
    const once = <Value>(make: () => Value) => this.#replay.once(make);
    return {
      byId: { ...tasks.byId, get: (id) => once(() => this.#tasks.get(id)) ?? tasks.byId.get(id) },
      firstReady: {
        ...tasks.firstReady,
        get: (job, queue) => {
          const known = once(() => this.#firstReady(job, queue));
          if (known !== "unknown") return known;
          const rows = readReady.all(job, queue, readyAhead);
          return once(() => this.#keepReady(job, queue, rows, readyAhead).rows[0]);
        },
      },
      run: {
        ...tasks.run,
        get: (startedAtMs, leaseEndsAtMs, sequence) => {
          const row = once(() => this.#takeReady(sequence));
          if (row === undefined) return tasks.run.get(startedAtMs, leaseEndsAtMs, sequence);
          tasks.run.run(startedAtMs, leaseEndsAtMs, sequence);
          return row;
        },
      },
      stop: {
        ...tasks.stop,
        run: (...values) => {
          this.#dropTask(values[4]);
          // A report that comes late may be of a task that waits for its next run.
          this.#takeReady(values[4]);
          tasks.stop.run(...values);
        },
      },
      requeue: {
        ...tasks.requeue,
        run: (...values) => {
          this.#dropTask(values[5]);
          this.#ready.clear();
          tasks.requeue.run(...values);
        },
      },
      insert: {
        ...tasks.insert,
        run: (...values) => {
          this.#ready.delete(values[2]);
          tasks.insert.run(...values);
        },
      },
      ...this.#rangeStatements(tasks),
    };
  }

  /** What changes more tasks at once than is worth following here. */
  #rangeStatements(tasks: TaskTables["tasks"]): Partial<TaskTables["tasks"]> {
    const forget = () => {
      this.#tasks.clear();
      this.#ready.clear();
    };
    return {
      skipQueued: {
        ...tasks.skipQueued,
        change: (first, last) => {
          forget();
          return tasks.skipQueued.change(first, last);
        },
      },
      abandonRunning: {
        ...tasks.abandonRunning,
        change: (first, last) => {
          forget();
          return tasks.abandonRunning.change(first, last);
        },
      },
      release: {
        ...tasks.release,
        run: (first, last) => {
          forget();
          tasks.release.run(first, last);
        },
      },
    };
  }

  #firstReady(job: number, queue: number): ReadyRow | undefined | "unknown" {
    const list = this.#ready.get(job)?.get(queue);
    if (list === undefined) return "unknown";
    return list.rows[0] ?? (list.isWhole ? undefined : "unknown");
  }

  /** It is claimed: nobody else is given it, and what was known of it before is out of date. */
  #takeReady(sequence: number): ReadyRow | undefined {
    this.#dropTask(sequence);
    for (const ofJob of this.#ready.values()) {
      for (const { rows } of ofJob.values()) {
        const index = rows.findIndex((row) => row.sequence === sequence);
        if (index >= 0) return rows.splice(index, 1)[0];
      }
    }
    return undefined;
  }
}
