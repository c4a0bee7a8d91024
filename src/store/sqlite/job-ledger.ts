import type { JobId, JobRef } from "../../engine/job.ts";
import { isOpen, jobState, type TaskCounts } from "../../engine/job-state.ts";
import { type TaskState, taskStates } from "../../engine/task-state.ts";
import { submittedAtMs } from "./job-id-times.ts";
import { type JobRow, jobStateCodes, jobStateOfCode, type prepareJobStatements } from "./job-table.ts";
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

export interface LedgerDeps {
  readonly jobs: ReturnType<typeof prepareJobStatements>;
  readonly queues: ReturnType<typeof prepareTaskQueueStatements>;
}

/**
 * The counters of the jobs that one operation touches: read once, changed in memory, written once at the
 * operation's end together with the state that follows from them.
 */
export class JobLedger {
  readonly #deps: LedgerDeps;
  readonly #entries = new Map<number, { readonly before: JobRow; readonly now: Mutable<JobRow> }>();

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  job(sequence: number): Mutable<JobRow> {
    const known = this.#entries.get(sequence);
    if (known !== undefined) return known.now;
    const row = this.#deps.jobs.bySequence.get(sequence);
    if (row === undefined) throw new Error(`a task refers to the job ${sequence}, which is not there`);
    return this.#add(row);
  }

  jobById(id: JobId): Mutable<JobRow> | undefined {
    const row = this.#deps.jobs.byId.get(id);
    return row === undefined ? undefined : (this.#entries.get(row.sequence)?.now ?? this.#add(row));
  }

  #add(row: JobRow): Mutable<JobRow> {
    const now = { ...row };
    this.#entries.set(row.sequence, { before: row, now });
    return now;
  }

  /** Counts tasks in, out, or from one state to another. */
  count(sequence: number, from: TaskState | undefined, to: TaskState, tasks = 1): void {
    const row = this.job(sequence);
    if (from !== undefined) row[counterColumns[from]] -= tasks;
    row[counterColumns[to]] += tasks;
  }

  /** Whether tasks of the job are handed out, after everything that was counted so far. */
  isOpen(sequence: number): boolean {
    return isOpen(stateOf(this.job(sequence)));
  }

  /** Writes which jobs hand out tasks, for a claim that looks across jobs. */
  settleOpenness(): void {
    for (const { before, now } of this.#entries.values()) {
      const open = isOpen(stateOf(now));
      if (open !== isOpen(jobStateOfCode(now.state)))
        this.#deps.queues.setOpen.run(open ? 1 : 0, before.sequence);
      now.state = jobStateCodes[stateOf(now)];
    }
  }

  /** Writes what has changed. */
  settle(): void {
    this.settleOpenness();
    const { jobs } = this.#deps;
    for (const { before, now } of this.#entries.values()) {
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
        this.#settleTaskStates(before, now);
      }
      if (now.state !== before.state || now.canceled !== before.canceled) {
        jobs.setState.run(now.state, now.canceled, now.sequence);
      }
    }
  }

  #settleTaskStates(before: JobRow, now: JobRow): void {
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
