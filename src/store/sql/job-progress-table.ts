import type { Progress } from "../../engine/progress.ts";
import { type Database, prepare } from "./statement.ts";

/** The latest report of each task, and its job's sums, kept up to date so that reading a job adds nothing up. */
export const createJobProgressTables = `
  CREATE TABLE task_progress (
    task  INTEGER NOT NULL, -- tasks.sequence
    label TEXT NOT NULL,
    total INTEGER NOT NULL,
    done  INTEGER NOT NULL,
    PRIMARY KEY (task, label)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE job_progress (
    sequence INTEGER PRIMARY KEY, -- the order in which labels first appeared
    job      INTEGER NOT NULL,
    label    TEXT NOT NULL,
    tasks    INTEGER NOT NULL, -- how many report it
    total    INTEGER NOT NULL,
    done     INTEGER NOT NULL,
    UNIQUE (job, label)
  ) STRICT;
  CREATE INDEX job_progress_in_order ON job_progress (job);
`;

/** `isFirst`: no attempt of the task has reported before, so there is nothing to replace. */
export type ReplaceProgress = (
  job: number,
  task: number,
  report: readonly Progress[],
  isFirst: boolean,
) => void;

/** Of two numbers: SQLite's names are PostgreSQL's names for aggregates. */
function addProgress(larger: string, smaller: string): string {
  const sum = (column: string) =>
    `${larger}(0, ${smaller}(job_progress.${column} + excluded.${column}, ${Number.MAX_SAFE_INTEGER}))`;
  return `INSERT INTO job_progress (job, label, tasks, total, done) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (job, label) DO UPDATE SET
      tasks = job_progress.tasks + excluded.tasks, total = ${sum("total")}, done = ${sum("done")}`;
}

export function prepareProgressStatements(database: Database) {
  return {
    ofJob: prepare<[job: number], Progress>(
      database,
      "SELECT label, total, done FROM job_progress WHERE job = ? AND tasks > 0 ORDER BY sequence",
    ),
    ofTask: prepare<[task: number], Progress>(
      database,
      "SELECT label, total, done FROM task_progress WHERE task = ?",
    ),
    removeOfTask: prepare<[task: number]>(database, "DELETE FROM task_progress WHERE task = ?"),
    insert: prepare<[task: number, label: string, total: number, done: number]>(
      database,
      "INSERT INTO task_progress (task, label, total, done) VALUES (?, ?, ?, ?)",
    ),
    /** Sums stop at 2^53 - 1, beyond which a double is not exact. */
    add: prepare<[job: number, label: string, tasks: number, total: number, done: number]>(database, {
      sqlite: addProgress("max", "min"),
      postgres: addProgress("greatest", "least"),
    }),
  };
}

/**
 * Replaces what a task reported before, also by nothing: a retried task must not count twice, and what a
 * failed attempt had done is not done. [doc: progress updates are idempotent per task]
 */
export function createReplaceProgress(
  statements: ReturnType<typeof prepareProgressStatements>,
): ReplaceProgress {
  return (job, task, report, isFirst) => {
    const before = isFirst ? [] : statements.ofTask.all(task);
    if (before.length > 0) {
      for (const { label, total, done } of before) statements.add.run(job, label, -1, -total, -done);
      statements.removeOfTask.run(task);
    }
    for (const { label, total, done } of report) {
      statements.insert.run(task, label, total, done);
      statements.add.run(job, label, 1, total, done);
    }
  };
}
