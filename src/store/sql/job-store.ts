import type { JobId } from "../../engine/job.ts";
import { extendedLease, firstLeaseMs } from "../../engine/lease.ts";
import type { Slug } from "../../engine/slug.ts";
import { UserError } from "../../errors.ts";
import type { JobStore, NewJob } from "../job-port.ts";
import { isJobOpen } from "./job-ledger.ts";
import { createJobQueries } from "./job-query.ts";
import { toJob } from "./job-records.ts";
import { type JobRow, jobStateCodes, jobStateOfCode } from "./job-table.ts";
import { clusterNotFound, type Records } from "./records.ts";
import type { Session } from "./session.ts";
import { returned } from "./statement.ts";
import { createTaskClaims } from "./task-claim.ts";
import { createTaskCompletion } from "./task-completion.ts";
import { createTaskInserter } from "./task-insert.ts";
import { createTaskLists } from "./task-list.ts";
import { createTaskReports } from "./task-reports.ts";
import { createTaskStatements, createTaskWorker, ReadyNotices } from "./task-work.ts";

/** One step of endLeases; the rest follows at once in the next one, so that others get their turn. */
const leasesEndedAtOnce = 500;

export function createJobStore(session: Session, records: Records): JobStore {
  const tables = createTaskStatements(session.database);
  const notices = new ReadyNotices();
  const run = createTaskWorker(session, tables, notices);
  const claims = createTaskClaims(tables);
  const inserter = createTaskInserter(tables, { records, ids: session.ids, onNewQueue: claims.forgetOffers });
  const completion = createTaskCompletion(tables);
  const reports = createTaskReports(tables, inserter, completion);
  const lists = createTaskLists(session.database, tables);
  const queries = createJobQueries(session.database, tables);
  const { read } = session;

  let defaultSlug: Slug | undefined;
  /** It is never deleted, and slugs never change. */
  function defaultCluster(): Slug {
    defaultSlug ??= records.requireCluster({ kind: "default" }).slug;
    return defaultSlug;
  }

  function requireJob(id: JobId): JobRow {
    const row = tables.jobs.byId.get(id);
    if (row !== undefined) return row;
    throw jobNotFound(id);
  }

  return {
    submitJob: (job) =>
      run((work) => {
        const submission = inserter.findClusters(job.groups);
        if ("unknown" in submission) throw clusterNotFound(submission.unknown);
        const sequence = insertJob(job, session.ids.next<"job">());
        work.ledger.inserted(sequence);
        inserter.insert(
          work,
          { job: sequence, parent: null, optionalAncestor: null, state: "queued" },
          submission,
        );
        return toJob(work.ledger.job(sequence), []);
      }),

    getJob: (id) =>
      read(() => {
        const row = requireJob(id);
        return toJob(row, tables.progress.ofJob.all(row.sequence));
      }),

    queryJobs: (query) => read(() => queries.queryJobs(query)),
    countJobs: (interval) => read(() => queries.countJobs(interval)),
    readQueueStats: (interval) => read(() => queries.readQueueStats(interval)),

    cancelJob: (id) =>
      run((work) => {
        const row = work.ledger.jobById(id);
        if (row === undefined) throw jobNotFound(id);
        if (isJobOpen(row)) row.canceled = 1;
      }),

    retryJob: (id) =>
      run((work) => {
        const row = work.ledger.jobById(id);
        if (row === undefined) throw jobNotFound(id);
        const state = jobStateOfCode(row.state);
        if (state !== "failed" && state !== "canceled") return 0;
        row.canceled = 0;
        const failed = tables.tasks.failedOfJob.all(row.sequence);
        for (const task of failed) reports.retry(work, task);
        for (const { queue } of tables.queues.waitingOfJob.all(row.sequence)) {
          work.markReady(row.sequence, queue, row.queued);
        }
        return failed.length;
      }),

    listTasks: (query) => read(() => lists.list(requireJob(query.job), query)),
    readTaskTree: (id, limit) => read(() => lists.tree(requireJob(id), limit)),
    readRootTasks: (id, limit) => read(() => lists.roots(requireJob(id), limit)),
    readQueuedTask: (id) => read(() => lists.queued(id)),

    nextTask: ({ computed, offer }) =>
      run((work) => {
        const job = computed === undefined ? undefined : reports.compute(work, computed);
        if (offer === undefined) return { task: undefined };
        // Whether the cluster exists is not asked: one that does not has no tasks, and an error would end an
        // official runner.
        const cluster = offer.cluster.kind === "slug" ? offer.cluster.slug : defaultCluster();
        return { task: claims.claim(work, claims.queuesFor(cluster, offer.identifiers), job) };
      }),

    failTask: (report) => run((work) => reports.fail(work, report)),

    extendLease: (id, askedMs) =>
      run((work) => {
        const task = tables.tasks.byId.get(id);
        if (task === undefined || task.state !== 2) return undefined;
        const lease = extendedLease(askedMs);
        tables.tasks.setLease.run(work.nowMs + lease.leaseMs, task.sequence);
        return lease;
      }),

    endLeases: () =>
      run((work) => {
        for (const task of tables.tasks.leasesEndedBy.all(work.nowMs, leasesEndedAtOnce)) {
          reports.endLease(work, task);
        }
        const next = tables.tasks.nextLeaseEnd.get();
        return next === undefined ? undefined : next.lease_ends_at_ms;
      }),

    onReady: (listener) => notices.subscribe(listener),
  };

  function insertJob(job: NewJob, id: JobId): number {
    const openRootGroups = job.groups.length;
    return returned(
      tables.jobs.insert.get(
        id,
        job.name,
        job.name.toLowerCase(),
        job.traceParent,
        traceIdOf(job.traceParent),
        job.automation ?? null,
        jobStateCodes.submitted,
        openRootGroups,
      ),
    ).sequence;
  }
}

function jobNotFound(id: JobId): UserError {
  return new UserError("job-not-found", `There is no job ${id}`);
}

/** The W3C form is version-traceid-spanid-flags; anything else has no trace that spans could belong to. */
function traceIdOf(traceParent: string): string {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceParent)?.[1] ?? "";
}

/**
 * When a server starts: nobody could extend a lease while there was none, so every running task gets at
 * least a first lease again. Otherwise a restart would hand tasks to a second runner while the first runs them.
 */
export function extendLeasesAfterDowntime(session: Session): Promise<void> {
  const { extendLeasesTo } = createTaskStatements(session.database).tasks;
  return session.writer.submit(() => {
    const leaseEndsAtMs = session.clock() + firstLeaseMs;
    extendLeasesTo.run(leaseEndsAtMs, leaseEndsAtMs);
  });
}
