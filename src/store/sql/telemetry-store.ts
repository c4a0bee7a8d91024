import { createHash } from "node:crypto";
import {
  type Severity,
  type TelemetryKind,
  type TelemetryLimits,
  telemetryLimits,
} from "../../engine/telemetry.ts";
import { UserError } from "../../errors.ts";
import type { TimeInterval } from "../job-port.ts";
import type { NewRecord, TelemetryQuery, TelemetrySource, TelemetryStore } from "../telemetry-port.ts";
import { prepareJobStatements } from "./job-table.ts";
import { prepareRemainsStatements } from "./removed-job-table.ts";
import type { Session } from "./session.ts";
import { prepare, returned, type SqlValue } from "./statement.ts";
import { prepareTaskStatements } from "./task-table.ts";
import {
  prepareTelemetryStatements,
  type RecordRow,
  type SizedRow,
  selectRecords,
} from "./telemetry-table.ts";

const kindCodes: Readonly<Record<TelemetryKind, number>> = { log: 1, span: 2 };

const severityCodes: Readonly<Record<Severity, number>> = {
  trace: 1,
  debug: 2,
  info: 3,
  warning: 4,
  error: 5,
};
const severities = Object.keys(severityCodes) as Severity[];

/** Beside its own bytes, a record costs its columns and index entries. */
const recordOverheadBytes = 100;
/** What is used often is noted seldom. */
const sourceUseNotedMs = 3_600_000;
/** Removed in one step at most, so that no batch waits long for an older one to go. */
const removedAtOnce = 2_000;
/** Beside what everybody else does, a step is shorter. */
const upkeepAtOnce = { records: 250, sizeBytes: 4 * 1024 * 1024 } as const;

/** The row of telemetry_usage that counts all jobs and kinds. */
const everything = [0, 0] as const;

interface Resolved {
  readonly job: number | null;
  readonly task: number | null;
}

/** What retention asks of it. Both return whether there may be more. */
export interface OwnTelemetryStore extends TelemetryStore {
  /** Removes some of what is kept of removed jobs. From and to which one, by removed_jobs.job. */
  removeOfJobs(first: number, last: number): Promise<boolean>;
  /** Removes some of what is too old or too much. */
  removeBeyondLimits(): Promise<boolean>;
}

export function createTelemetryStore(
  session: Session,
  limits: TelemetryLimits = telemetryLimits,
): OwnTelemetryStore {
  const { database, writer, read, clock } = session;
  const statements = prepareTelemetryStatements(database);
  const jobs = prepareJobStatements(database);
  const tasks = prepareTaskStatements(database);
  const remains = prepareRemainsStatements(database);

  function sourceOf({ resource, scope }: TelemetrySource): number {
    const sha256 = createHash("sha256").update(`${resource.length}:`).update(resource).update(scope).digest();
    const nowMs = clock();
    const known = statements.findSource.get(sha256);
    if (known === undefined)
      return returned(statements.insertSource.get(sha256, resource, scope, nowMs)).sequence;
    if (nowMs - known.last_used_at_ms > sourceUseNotedMs) statements.useSource.run(nowMs, known.sequence);
    return known.sequence;
  }

  /** Which job and task a record is of; remembered by trace, because most records of a batch share one. */
  function createResolver(): (record: NewRecord) => Resolved {
    const byTrace = new Map<string, number | null>();
    const byTask = new Map<string, Resolved | undefined>();
    return ({ task, traceId }) => {
      if (task !== undefined && !byTask.has(task)) {
        const row = tasks.byId.get(task);
        byTask.set(task, row === undefined ? undefined : { job: row.job, task: row.sequence });
      }
      const named = task === undefined ? undefined : byTask.get(task);
      if (named !== undefined) return named;
      if (traceId === "") return { job: null, task: null };
      if (!byTrace.has(traceId)) byTrace.set(traceId, statements.jobOfTrace.get(traceId)?.sequence ?? null);
      return { job: byTrace.get(traceId) ?? null, task: null };
    };
  }

  function insert(kind: TelemetryKind, record: NewRecord, source: number, { job, task }: Resolved): number {
    const sizeBytes = record.record.length + recordOverheadBytes;
    const severity = record.severity === undefined ? 0 : severityCodes[record.severity];
    statements.insert.run(
      kindCodes[kind],
      job,
      task,
      record.atUs,
      severity,
      clock(),
      sizeBytes,
      source,
      record.record,
    );
    return sizeBytes;
  }

  function remove(rows: readonly SizedRow[]): void {
    for (const { sequence, kind, job, size_bytes } of rows) {
      statements.remove.run(sequence);
      statements.addUsage.run(...everything, -size_bytes);
      if (job !== null) statements.addUsage.run(job, kind, -size_bytes);
    }
  }

  /**
   * Oldest first, by arrival, until all but the limits' worth is gone or enough was done for one step.
   * Returns whether there may be more.
   */
  function removeOldest(
    totalBytes: number,
    atOnce: { readonly excess: number; readonly old: number },
  ): boolean {
    const oldestMs = clock() - limits.maxAgeMs;
    let excessBytes = totalBytes - limits.maxTotalBytes;
    const rows = statements.oldest.all(excessBytes > 0 ? atOnce.excess : atOnce.old);
    const outdated = rows.filter((row) => {
      const goes = row.received_at_ms < oldestMs || excessBytes > 0;
      if (goes) excessBytes -= row.size_bytes;
      return goes;
    });
    remove(outdated);
    if (outdated.length > 0) statements.removeSources.run(oldestMs - sourceUseNotedMs);
    return rows.length > 0 && outdated.length === rows.length;
  }

  function removeOfJob(job: number, kind: number, left: { records: number; sizeBytes: number }): void {
    const rows = statements.oldestOfJob.all(job, kind, left.records);
    let removed = 0;
    let removedBytes = 0;
    for (const { sequence, size_bytes } of rows) {
      if (removedBytes >= left.sizeBytes) break;
      statements.remove.run(sequence);
      removedBytes += size_bytes;
      removed++;
    }
    statements.addUsage.run(...everything, -removedBytes);
    if (removed < left.records && removed === rows.length) remains.removeUsage.run(job, kind);
    else statements.addUsage.run(job, kind, -removedBytes);
    left.records -= removed;
    left.sizeBytes -= removedBytes;
  }

  function removeOldestOfJob(job: number, kind: TelemetryKind, excessBytes: number): void {
    let leftBytes = excessBytes;
    const rows = statements.oldestOfJob.all(job, kindCodes[kind], removedAtOnce).filter((row) => {
      const goes = leftBytes > 0;
      if (goes) leftBytes -= row.size_bytes;
      return goes;
    });
    remove(rows);
  }

  return {
    addRecords: (kind, batches) =>
      writer.submit(() => {
        const resolve = createResolver();
        const added = new Map<number, number>();
        let addedBytes = 0;
        for (const { source, records } of batches) {
          const kept = records
            .map((record) => ({ record, of: resolve(record) }))
            .filter(
              ({ record, of }) =>
                record.record.length <= limits.maxRecordBytes && (kind === "log" || of.job !== null),
            );
          if (kept.length === 0) continue;
          const from = sourceOf(source);
          for (const { record, of } of kept) {
            const sizeBytes = insert(kind, record, from, of);
            addedBytes += sizeBytes;
            if (of.job !== null) added.set(of.job, (added.get(of.job) ?? 0) + sizeBytes);
          }
        }
        for (const [job, sizeBytes] of added) {
          const excessBytes =
            returned(statements.addUsage.get(job, kindCodes[kind], sizeBytes)).size_bytes -
            limits.maxJobBytes;
          if (excessBytes > 0) removeOldestOfJob(job, kind, excessBytes);
        }
        const { size_bytes } = returned(statements.addUsage.get(...everything, addedBytes));
        removeOldest(size_bytes, { excess: removedAtOnce, old: 100 });
      }),

    removeOfJobs: (first, last) =>
      writer.submit(() => {
        const left = { ...upkeepAtOnce };
        const usages = remains.usage.all(first, last, upkeepAtOnce.records);
        for (const { job, kind } of usages) {
          if (left.records <= 0 || left.sizeBytes <= 0) break;
          removeOfJob(job, kind, left);
        }
        return usages.length > 0;
      }),

    removeBeyondLimits: () =>
      writer.submit(() => {
        const { size_bytes } = returned(statements.addUsage.get(...everything, 0));
        return removeOldest(size_bytes, { excess: upkeepAtOnce.records, old: upkeepAtOnce.records });
      }),

    queryRecords: (query) =>
      read(() => {
        const where = [
          { sql: "records.kind = ?", values: [kindCodes[query.kind]] },
          ...conditionsOf(query),
          ...placeConditions(query),
        ];
        const { sql, values } = selectRecords(where, query.direction);
        const rows = prepare<readonly SqlValue[], RecordRow>(database, sql).all(...values, query.limit + 1);
        const page = rows.slice(0, query.limit);
        const last = page.at(-1);
        return {
          records: page.map(({ record, resource, scope }) => ({ record, source: { resource, scope } })),
          next:
            rows.length > query.limit && last !== undefined
              ? { atUs: last.at_us, sequence: last.sequence }
              : undefined,
        };
      }),

    countLogs: (interval) =>
      read(() => {
        const [fromUs, beforeUs] = boundsUs(interval);
        const counts = [undefined, ...severities].map((severity) => {
          const code = severity === undefined ? 0 : severityCodes[severity];
          const row = statements.countOfSeverity.get(kindCodes.log, fromUs, beforeUs, code);
          return [severity, returned(row).count] as const;
        });
        return new Map(counts.filter(([, count]) => count > 0));
      }),
  };

  function conditionsOf({ of, severities }: TelemetryQuery): { sql: string; values: SqlValue[] }[] {
    const levels = severities.map((severity) => severityCodes[severity]);
    const bySeverity =
      levels.length === 0
        ? []
        : [{ sql: `records.severity IN (${levels.map(() => "?").join(", ")})`, values: levels }];
    if ("interval" in of) {
      return [
        { sql: "records.at_us >= ? AND records.at_us < ?", values: boundsUs(of.interval) },
        ...bySeverity,
      ];
    }
    const job = jobs.byId.get(of.job);
    if (job === undefined) throw new UserError("job-not-found", `There is no job ${of.job}`);
    const byJob = { sql: "records.job = ?", values: [job.sequence] };
    if (of.task === undefined) return [byJob, ...bySeverity];
    const task = tasks.byId.get(of.task);
    if (task?.job !== job.sequence) {
      throw new UserError("task-not-found", `The job ${of.job} has no task ${of.task}`);
    }
    return [byJob, { sql: "records.task = ?", values: [task.sequence] }, ...bySeverity];
  }
}

function placeConditions({
  startingAfter,
  direction,
}: TelemetryQuery): { sql: string; values: SqlValue[] }[] {
  if (startingAfter === undefined) return [];
  const beyond = direction === "ascending" ? ">" : "<";
  return [
    {
      sql: `(records.at_us, records.sequence) ${beyond} (?, ?)`,
      values: [startingAfter.atUs, startingAfter.sequence],
    },
  ];
}

function boundsUs({ fromMs, beforeMs }: TimeInterval): [fromUs: number, beforeUs: number] {
  const us = (ms: number) => Math.min(Math.max(ms * 1000, 0), Number.MAX_SAFE_INTEGER);
  return [us(fromMs ?? 0), us(beforeMs ?? Number.MAX_SAFE_INTEGER)];
}
