import type { JobId, JobRef } from "../../engine/job.ts";
import { isOpen, jobState, type TaskCounts } from "../../engine/job-state.ts";
import { type TaskState, taskStates } from "../../engine/task-state.ts";
import { submittedAtMs } from "./job-id-times.ts";
import { type JobRow, jobStateCodes, jobStateOfCode, type prepareJobStatements } from "./job-table.ts";
import type { Writer } from "./session.ts";
import { returned } from "./statement.ts";
import type { prepareTaskQueueStatements } from "./task-queue-table.ts";
import { taskStateCodes } from "./task-table.ts";

type Mutable<Row> = { -readonly [Column in keyof Row]: Row[Column] };

const counterColumns = {
  queued: "queued",
  running: "running",
  computed: "computed",
  failed: "failed",
  skipped: "skipped",
  "failed-optional": "failed_optional",
} as const satisfies Record<TaskState, keyof JobRow>;

export function taskCounts(row: JobRow): TaskCounts {
  const { queued, running, computed, failed, skipped, failed_optional } = row;
  return { queued, running, computed, failed, skipped, "failed-optional": failed_optional };
}

export function isJobOpen(row: JobRow): boolean {
  return isOpen(jobStateOfCode(row.state));
}

export function toJobRef(row: JobRow): JobRef {
  return {
    id: row.id,
    name: row.name,
    traceParent: row.trace_parent,
    submittedAtMs: submittedAtMs(row.id),
  };
}

interface LedgerDeps {
  readonly jobs: ReturnType<typeof prepareJobStatements>;
  readonly queues: ReturnType<typeof prepareTaskQueueStatements>;
  readonly writer: Pick<Writer, "atCommit" | "isOnlyOne">;
}

interface Entry {
  /** As the database has it. */
  stored: JobRow;
  readonly now: Mutable<JobRow>;
}

/** Rows of jobs that nothing happens to any more are forgotten with the others, and read again when needed. */
const rememberedJobs = 1_000;

/**
 * The rows of jobs that operations work on, kept in memory between them and written once a transaction: of
 * thousands of tasks that finish together, each would otherwise read and write its job's counters. Nobody
 * else writes these rows: where there are several writers, reading one here locks it, and with it all of the
 * job's tasks, until the transaction ends, and then it is forgotten. An operation begins, changes what it
 * gets from `job`, and ends or is undone.
 */
export class JobLedger {
  readonly #deps: LedgerDeps;
  readonly #entries = new Map<number, Entry>();
  /** What the rows were when the running operation first touched them; undefined for what it inserted. */
  readonly #touched = new Map<number, JobRow | undefined>();
  readonly #changed = new Set<number>();
  /** What the running operation read: begun again, it reads it again. */
  readonly #read = new Set<number>();

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  job(sequence: number): Mutable<JobRow> {
    const entry = this.#entries.get(sequence) ?? this.#load(this.#deps.jobs.lock.get(sequence));
    if (!this.#touched.has(sequence)) this.#touched.set(sequence, { ...entry.now });
    return entry.now;
  }

  jobById(id: JobId): Mutable<JobRow> | undefined {
    const row = this.#deps.jobs.byId.get(id);
    return row === undefined ? undefined : this.job(row.sequence);
  }

  /** Whether the job is this transaction's to work on: false while somebody else works on it. */
  take(sequence: number): boolean {
    if (this.#entries.has(sequence)) return true;
    const row = this.#deps.jobs.tryLock.get(sequence);
    if (row !== undefined) this.#load(row);
    return row !== undefined;
  }

  /** A row that the running operation has read and, where there are several writers, locked: as it is now. */
  taken(row: JobRow): Readonly<JobRow> {
    return (this.#entries.get(row.sequence) ?? this.#load(row)).now;
  }

  /** For a job that the running operation has inserted. */
  inserted(row: JobRow): void {
    this.#touched.set(row.sequence, undefined);
    this.#load(row);
  }

  #load(row: JobRow | undefined): Entry {
    const stored = returned(row);
    const entry = { stored, now: { ...stored } };
    this.#entries.set(stored.sequence, entry);
    this.#read.add(stored.sequence);
    return entry;
  }

  /** Counts tasks in, or from one state to another. */
  count(sequence: number, from: TaskState | undefined, to: TaskState, tasks = 1): void {
    const row = this.job(sequence);
    if (from !== undefined) row[counterColumns[from]] -= tasks;
    row[counterColumns[to]] += tasks;
  }

  /**
   * Whether tasks of the job are handed out, after everything that was counted so far. Those of one that was
   * removed since its sequence was read are not.
   */
  isOpen(sequence: number): boolean {
    if (!this.#entries.has(sequence)) {
      const row = this.#deps.jobs.lock.get(sequence);
      if (row === undefined) return false;
      this.#load(row);
    }
    return isOpen(stateOf(this.job(sequence)));
  }

  /** An operation that has come to its end has removed the job's row: what was counted for it is nobody's. */
  forget(sequence: number): void {
    this.#entries.delete(sequence);
  }

  /** Writes which jobs hand out tasks, for a claim that looks across jobs. */
  settleOpenness(): void {
    for (const sequence of this.#touched.keys()) {
      const row = this.job(sequence);
      const state = stateOf(row);
      const open = isOpen(state);
      if (open !== isOpen(jobStateOfCode(row.state))) this.#deps.queues.setOpen.run(open ? 1 : 0, sequence);
      row.state = jobStateCodes[state];
    }
  }

  /** The running operation has succeeded. */
  endOperation(): void {
    this.settleOpenness();
    const wasClean = this.#changed.size === 0;
    for (const sequence of this.#touched.keys()) this.#changed.add(sequence);
    // What it read and did not change has to be forgotten with the transaction, too.
    for (const sequence of this.#read) this.#changed.add(sequence);
    this.#touched.clear();
    this.#read.clear();
    if (!wasClean || this.#changed.size === 0) return;
    this.#deps.writer.atCommit({ write: () => this.#write(), undone: () => this.#forget() });
  }

  /** The running operation has failed, and the database is as it was before. */
  undoOperation(): void {
    for (const [sequence, before] of this.#touched) {
      if (before === undefined) this.#entries.delete(sequence);
      else Object.assign(this.job(sequence), before);
    }
    for (const sequence of this.#read) this.#entries.delete(sequence);
    this.#touched.clear();
    this.#read.clear();
  }

  #write(): void {
    const changed = [...this.#changed].map((sequence) => this.#entries.get(sequence));
    const entries = changed.filter((entry) => entry !== undefined);
    for (const entry of entries) this.#writeEntry(entry);
    for (const entry of entries) entry.stored = { ...entry.now };
    this.#changed.clear();
    if (!this.#deps.writer.isOnlyOne || this.#entries.size > rememberedJobs) this.#entries.clear();
  }

  /** The transaction did not become durable: only the database knows what is true now. */
  #forget(): void {
    this.#entries.clear();
    this.#changed.clear();
  }

  #writeEntry({ stored: before, now }: Entry): void {
    const { jobs } = this.#deps;
    if (countsDiffer(before, now)) {
      jobs.setCounts.run(
        now.open_root_groups,
        now.front,
        now.queued,
        now.running,
        now.computed,
        now.failed,
        now.skipped,
        now.failed_optional,
        now.first_started_at_ms,
        now.last_stopped_at_ms,
        now.compute_ms,
        now.sequence,
      );
      this.#writeTaskStates(before, now);
    }
    if (now.state !== before.state || now.canceled !== before.canceled) {
      jobs.setState.run(now.state, now.canceled, now.canceled_at_ms, now.sequence);
    }
  }

  #writeTaskStates(before: JobRow, now: JobRow): void {
    for (const state of taskStates) {
      const column = counterColumns[state];
      if (before[column] > 0 === now[column] > 0) continue;
      const code = taskStateCodes[state];
      if (now[column] > 0) this.#deps.jobs.addTaskState.run(code, now.id);
      else this.#deps.jobs.removeTaskState.run(code, now.id);
    }
  }
}

function stateOf(row: JobRow): ReturnType<typeof jobState> {
  return jobState({
    tasks: taskCounts(row),
    canceled: row.canceled === 1,
    started: row.first_started_at_ms !== null,
    openRootGroups: row.open_root_groups,
  });
}

const countColumns = [
  "open_root_groups",
  "front",
  "queued",
  "running",
  "computed",
  "failed",
  "skipped",
  "failed_optional",
  "first_started_at_ms",
  "last_stopped_at_ms",
  "compute_ms",
] as const satisfies readonly (keyof JobRow)[];

function countsDiffer(before: JobRow, now: JobRow): boolean {
  return countColumns.some((column) => before[column] !== now[column]);
}
