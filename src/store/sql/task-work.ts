import { EventEmitter } from "node:events";
import type { ReadyTasks } from "../../engine/claim.ts";
import { JobLedger } from "./job-ledger.ts";
import { createReplaceProgress, prepareProgressStatements } from "./job-progress-table.ts";
import { prepareJobStatements } from "./job-table.ts";
import type { JobScope, Session } from "./session.ts";
import type { Database } from "./statement.ts";
import { prepareTaskGroupStatements } from "./task-group-table.ts";
import { prepareTaskQueueStatements } from "./task-queue-table.ts";
import { prepareTaskStatements } from "./task-table.ts";

/** Every statement on jobs and tasks, prepared once. */
export type TaskTables = ReturnType<typeof createTaskStatements>;

export function createTaskStatements(database: Database) {
  const progress = prepareProgressStatements(database);
  return {
    jobs: prepareJobStatements(database),
    tasks: prepareTaskStatements(database),
    groups: prepareTaskGroupStatements(database),
    queues: prepareTaskQueueStatements(database),
    progress,
    replaceProgress: createReplaceProgress(progress),
  };
}

/** What one operation does to jobs and tasks: one moment, one set of counters, one notice of what got ready. */
export interface TaskWork {
  readonly nowMs: number;
  readonly ledger: JobLedger;
  /** Says that tasks can be claimed as far as they themselves are concerned; the job may be closed. */
  markReady(job: number, queue: number, count: number): void;
  /** For what is kept in memory: runs when the operation has come to its end, which may be begun more than once. */
  atEnd(remember: () => void): void;
}

export type RunTaskWork = <Result>(
  scope: Partial<JobScope>,
  operation: (work: TaskWork) => Result,
) => Promise<Result>;

/** Tells who waits for tasks. */
export class ReadyNotices {
  readonly #emitter = new EventEmitter<{ ready: [readonly ReadyTasks[]] }>().setMaxListeners(0);

  emit(ready: readonly ReadyTasks[]): void {
    this.#emitter.emit("ready", ready);
  }

  subscribe(listener: (ready: readonly ReadyTasks[]) => void): () => void {
    this.#emitter.on("ready", listener);
    return () => this.#emitter.off("ready", listener);
  }
}

/** Runs operations on jobs and tasks, each in one step of the writer. */
export function createTaskWorker(session: Session, tables: TaskTables, notices: ReadyNotices): RunTaskWork {
  const { writer, clock } = session;
  const ledger = new JobLedger({ ...tables, writer });
  return (scope, operation) =>
    writer.submit(() => {
      const toRemember: (() => void)[] = [];
      const ready = new Map<number, Map<number, number>>();
      const work: TaskWork = {
        nowMs: clock(),
        ledger,
        markReady(job, queue, count) {
          const ofJob = ready.get(job) ?? new Map<number, number>();
          ready.set(job, ofJob.set(queue, (ofJob.get(queue) ?? 0) + count));
        },
        atEnd: (remember) => toRemember.push(remember),
      };
      try {
        const result = operation(work);
        const open = [...ready].filter(([job]) => ledger.isOpen(job)).flatMap(([, queues]) => [...queues]);
        const tasks = open.flatMap(([queue, count]) => readyTasks(tables, queue, count));
        ledger.endOperation();
        for (const remember of toRemember) remember();
        if (tasks.length > 0) notices.emit(tasks);
        return result;
      } catch (error) {
        ledger.undoOperation();
        throw error;
      }
    }, scope);
}

function readyTasks(tables: TaskTables, queue: number, count: number): ReadyTasks[] {
  const row = tables.queues.bySequence.get(queue);
  if (row === undefined) return [];
  const { cluster, name, version, major, minor } = row;
  return [{ cluster, identifier: { name, version, major, minor }, count }];
}
