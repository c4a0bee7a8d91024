import type { JobId } from "../../engine/job.ts";
import { extendedLease, firstLeaseMs } from "../../engine/lease.ts";
import type { Slug } from "../../engine/slug.ts";
import { UserError } from "../../errors.ts";
import type { ClaimedTask, ComputedTask, JobStore, NewJob, Offer } from "../job-port.ts";
import { isJobOpen } from "./job-ledger.ts";
import { createJobQueries } from "./job-query.ts";
import { toJob } from "./job-records.ts";
import { type JobRow, jobStateCodes, jobStateOfCode } from "./job-table.ts";
import { clusterNotFound, type Records } from "./records.ts";
import type { JobScope, Session } from "./session.ts";
import { returned } from "./statement.ts";
import { type Claim, createTaskClaims } from "./task-claim.ts";
import { createTaskCompletion } from "./task-completion.ts";
import { createTaskInserter } from "./task-insert.ts";
import { createTaskLists } from "./task-list.ts";
import { createTaskReports } from "./task-reports.ts";
import {
  createTaskStatements,
  type ReadyNotices,
  type RunTaskWork,
  type TaskTables,
  type TaskWork,
} from "./task-work.ts";

export interface OwnJobStore extends JobStore {
  /** Other control planes have made queues that offers seen here could not know. */
  forgetOffers(): void;
}

const nothingClaimed: Claim = { task: undefined, busyJob: undefined };

function scopeOf(computed: ComputedTask | undefined): Partial<JobScope> {
  if (computed === undefined) return {};
  return { tasks: [computed.id], submits: computed.subTasks.length > 0 };
}

/** One step of endLeases; the rest follows at once in the next one, so that others get their turn. */
const leasesEndedAtOnce = 500;

export function createJobStore(
  session: Session,
  records: Records,
  run: RunTaskWork,
  notices: ReadyNotices,
  tables: TaskTables,
): OwnJobStore {
  const claims = createTaskClaims(tables);
  const inserter = createTaskInserter(tables, { records, ids: session.ids, onNewQueue: claims.forgetOffers });
  const completion = createTaskCompletion(tables);
  const reports = createTaskReports(tables, inserter, completion);
  // Not the given tables: an engine may keep rows in them that are true only while a write holds their locks.
  const lists = createTaskLists(session.database, createTaskStatements(session.database));
  const queries = createJobQueries(session.database, tables);
  const { read } = session;

  let defaultSlug: Slug | undefined;
  /** It is never deleted, and slugs never change. */
  function defaultCluster(work: TaskWork): Slug {
    if (defaultSlug !== undefined) return defaultSlug;
    const { slug } = records.requireCluster({ kind: "default" });
    work.atEnd(() => {
      defaultSlug = slug;
    });
    return slug;
  }

  /** Whether the cluster exists is not asked: one that does not has no tasks, and an error would end an official runner. */
  function claim(work: TaskWork, { cluster, identifiers }: Offer, job: number | undefined): Claim {
    const slug = cluster.kind === "slug" ? cluster.slug : defaultCluster(work);
    return claims.claim(work, claims.queuesFor(work, slug, identifiers), job);
  }

  /** Claims once more where only jobs that somebody else works on had tasks: this time their turn is waited for. */
  async function claimWaiting(offer: Offer, { task, busyJob }: Claim): Promise<ClaimedTask | undefined> {
    if (task !== undefined || busyJob === undefined) return task;
    const again = await run({ sequences: [busyJob] }, (work) => claim(work, offer, busyJob));
    return await claimWaiting(offer, again);
  }

  function requireJob(id: JobId): JobRow {
    const row = tables.jobs.byId.get(id);
    if (row !== undefined) return row;
    throw jobNotFound(id);
  }

  return {
    submitJob: (job) =>
      run({ submits: true }, (work) => {
        const submission = inserter.findClusters(job.groups);
        if ("unknown" in submission) throw clusterNotFound(submission.unknown);
        const inserted = insertJob(job, session.ids.next<"job">());
        const { sequence } = inserted;
        work.ledger.inserted(inserted);
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
    readQueueDepth: (limit) => read(() => queries.readQueueDepth(limit)),

    cancelJob: (id) =>
      run({ jobs: [id] }, (work) => {
        const row = work.ledger.jobById(id);
        if (row === undefined) throw jobNotFound(id);
        if (!isJobOpen(row)) return;
        row.canceled = 1;
        row.canceled_at_ms = work.nowMs;
      }),

    retryJob: (id) =>
      run({ jobs: [id] }, (work) => {
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

    async nextTask({ computed, offer }) {
      const claimed = await run(scopeOf(computed), (work) => {
        const job = computed === undefined ? undefined : reports.compute(work, computed);
        return offer === undefined ? nothingClaimed : claim(work, offer, job);
      });
      if (offer === undefined || claimed.busyJob === undefined) return claimed;
      return { task: await claimWaiting(offer, claimed) };
    },

    failTask: (report) => run({ tasks: [report.id] }, (work) => reports.fail(work, report)),

    extendLease: (id, askedMs) =>
      run({ tasks: [id] }, (work) => {
        const task = tables.tasks.byId.get(id);
        if (task === undefined || task.state !== 2) return undefined;
        const lease = extendedLease(askedMs);
        tables.tasks.setLease.run(work.nowMs + lease.leaseMs, task.sequence);
        return lease;
      }),

    endLeases: () =>
      run({}, (work) => {
        let ended = 0;
        for (const task of tables.tasks.leasesEndedBy.all(work.nowMs, leasesEndedAtOnce)) {
          if (!work.ledger.take(task.job)) continue;
          reports.endLease(work, task);
          ended++;
        }
        const next = tables.tasks.nextLeaseEnd.get()?.lease_ends_at_ms;
        // A lease that another control plane grants meanwhile may be the next to end.
        const others = session.writer.isOnlyOne ? undefined : work.nowMs + firstLeaseMs;
        const nextEndMs =
          next === undefined || others === undefined ? (next ?? others) : Math.min(next, others);
        return { ended, nextEndMs };
      }),

    onReady: (listener) => notices.subscribe(listener),
    forgetOffers: claims.forgetOffers,
  };

  function insertJob(job: NewJob, id: JobId): JobRow {
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
    );
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
