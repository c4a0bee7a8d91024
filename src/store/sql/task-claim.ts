import { compareClaimPlaces } from "../../engine/claim.ts";
import { firstLease } from "../../engine/lease.ts";
import type { Slug } from "../../engine/slug.ts";
import type { TaskIdentifier } from "../../engine/task-identifier.ts";
import { chooseIdentifier, type VersionedIdentifier } from "../../engine/task-version.ts";
import type { ClaimedTask } from "../job-port.ts";
import { toJobRef } from "./job-ledger.ts";
import { returned } from "./statement.ts";
import type { TaskTables, TaskWork } from "./task-work.ts";

/** The queues a runner can serve, and the identifier it gets a task of each under. */
export type ServedQueues = ReadonlyMap<number, TaskIdentifier>;

/** What a claim found: a task, or only a job that another control plane works on, or nothing. */
export interface Claim {
  readonly task: ClaimedTask | undefined;
  readonly busyJob: number | undefined;
}

export interface TaskClaims {
  /** Remembered per offer: runners repeat theirs with every request. */
  queuesFor(work: TaskWork, cluster: Slug, identifiers: readonly VersionedIdentifier[]): ServedQueues;
  /** Forgets what was remembered, because there is a new queue. */
  forgetOffers(): void;
  /** @param job whose tasks come first, by jobs.sequence. */
  claim(work: TaskWork, served: ServedQueues, job: number | undefined): Claim;
}

/** More offers than this are no fleet of runners; forgetting them all costs a few reads each. */
const rememberedOffers = 1_000;

interface Found {
  readonly first: { readonly job: number; readonly sequence: number; readonly queue: number } | undefined;
  readonly busyJob: number | undefined;
}

export function createTaskClaims({ tasks, queues }: TaskTables): TaskClaims {
  const offers = new Map<string, ServedQueues>();

  function findQueues(cluster: Slug, identifiers: readonly VersionedIdentifier[]): ServedQueues {
    const served = new Map<number, TaskIdentifier>();
    for (const { name, major, minor } of identifiers) {
      for (const queue of queues.servedBy.all(cluster, name, major, minor)) {
        const chosen = chooseIdentifier(identifiers, queue);
        if (chosen !== undefined) served.set(queue.sequence, chosen);
      }
    }
    return served;
  }

  /** The job's first task that the runner can run. A queue that turns out to be empty is marked so. */
  function firstOfJob(job: number, served: ServedQueues): { sequence: number; queue: number } | undefined {
    let first: { sequence: number; queue: number; jobSequence: number; position: number } | undefined;
    for (const { queue } of queues.waitingOfJob.all(job)) {
      if (!served.has(queue)) continue;
      const head = tasks.firstReady.get(job, queue);
      if (head === undefined) {
        queues.setWaiting.run(0, job, queue);
        continue;
      }
      const place = { ...head, queue, jobSequence: job };
      if (first === undefined || compareClaimPlaces(place, first) < 0) first = place;
    }
    return first;
  }

  function firstWaitingJob(served: ServedQueues, after: number): number | undefined {
    let first: number | undefined;
    for (const queue of served.keys()) {
      const waiting = queues.firstWaitingJob.get(queue, after);
      if (waiting !== undefined && (first === undefined || waiting.job < first)) first = waiting.job;
    }
    return first;
  }

  function firstOfAll(work: TaskWork, served: ServedQueues): Found {
    let after = 0;
    let busyJob: number | undefined;
    for (;;) {
      const job = firstWaitingJob(served, after);
      if (job === undefined) return { first: undefined, busyJob };
      if (!work.ledger.take(job)) {
        busyJob ??= job;
        after = job;
        continue;
      }
      // Somebody else may have closed it a moment before it was taken.
      const first = work.ledger.isOpen(job) ? firstOfJob(job, served) : undefined;
      if (first !== undefined) return { first: { job, ...first }, busyJob: undefined };
      // Finding none has marked the job's queues as empty.
      after = job;
    }
  }

  function find(work: TaskWork, served: ServedQueues, job: number | undefined): Found {
    if (served.size === 0) return { first: undefined, busyJob: undefined };
    if (job !== undefined && work.ledger.isOpen(job)) {
      const own = firstOfJob(job, served);
      if (own !== undefined) return { first: { job, ...own }, busyJob: undefined };
    }
    work.ledger.settleOpenness();
    return firstOfAll(work, served);
  }

  return {
    queuesFor(work, cluster, identifiers) {
      const key = `${cluster}\n${identifiers.map(({ name, version }) => `${version} ${name}`).join("\n")}`;
      const known = offers.get(key);
      if (known !== undefined) return known;
      const served = findQueues(cluster, identifiers);
      work.atEnd(() => {
        if (offers.size >= rememberedOffers) offers.clear();
        offers.set(key, served);
      });
      return served;
    },

    forgetOffers: () => offers.clear(),

    claim(work, served, preferredJob) {
      const { first, busyJob } = find(work, served, preferredJob);
      if (first === undefined) return { task: undefined, busyJob };
      const { job, sequence, queue } = first;
      const lease = firstLease();
      const row = returned(tasks.run.get(work.nowMs, work.nowMs + lease.leaseMs, sequence));
      const jobRow = work.ledger.job(job);
      work.ledger.count(job, "queued", "running");
      jobRow.first_started_at_ms ??= work.nowMs;
      const task = {
        id: row.id,
        identifier: returned(served.get(queue)),
        input: row.input,
        display: row.display,
        job: toJobRef(jobRow),
        retryCount: row.retry_count,
        lease,
      };
      return { task, busyJob: undefined };
    },
  };
}
