import { placesInFront } from "../../engine/claim.ts";
import type { IdSource } from "../../engine/id.ts";
import type { ClusterRef } from "../../engine/release.ts";
import type { Slug } from "../../engine/slug.ts";
import type { SubmittedGroup, SubmittedTask } from "../../engine/submission.ts";
import type { VersionedIdentifier } from "../../engine/task-version.ts";
import type { Records } from "./records.ts";
import { returned } from "./statement.ts";
import { taskStateCodes } from "./task-table.ts";
import type { TaskTables, TaskWork } from "./task-work.ts";

/** Where a submission's tasks go. */
export interface Placement {
  readonly job: number;
  /** tasks.sequence of the task that submitted them; null for root tasks. */
  readonly parent: number | null;
  readonly optionalAncestor: number | null;
  /** `skipped`: they are kept to be seen, not to be run. */
  readonly state: "queued" | "skipped";
}

/** A submission whose clusters exist. */
export interface PlaceableGroups {
  readonly groups: readonly SubmittedGroup[];
  slugOf(cluster: ClusterRef): Slug;
}

export interface TaskInserter {
  /** Looks up the clusters that a submission names. */
  findClusters(groups: readonly SubmittedGroup[]): PlaceableGroups | { readonly unknown: readonly Slug[] };
  /** @returns how many of the groups are open. */
  insert(work: TaskWork, placement: Placement, submission: PlaceableGroups): number;
}

interface InserterDeps {
  readonly records: Records;
  readonly ids: IdSource;
  /** A queue was made that earlier offers could not know. */
  readonly onNewQueue: () => void;
}

export function createTaskInserter(tables: TaskTables, deps: InserterDeps): TaskInserter {
  const { tasks, groups: groupTable, queues, jobs } = tables;

  const findQueue = (cluster: Slug, { name, version, major, minor }: VersionedIdentifier): number => {
    const known = queues.find.get(cluster, name, version);
    if (known !== undefined) return known.sequence;
    deps.onNewQueue();
    return returned(queues.insert.get(cluster, name, version, major, minor)).sequence;
  };

  function insertGroup(
    placement: Placement,
    group: SubmittedGroup,
    next: { sequence: number; position: number },
    queueOf: (task: SubmittedTask) => UsedQueue,
  ): number {
    const { job, parent, optionalAncestor, state } = placement;
    const count = group.tasks.length;
    const ready = state === "queued" && group.dependsOn.length === 0 ? 1 : 0;
    const open = state === "queued" ? count : 0;
    const [first, last] = [next.sequence, next.sequence + count - 1];
    const { sequence } = returned(
      groupTable.insert.get(job, parent, first, last, open, group.dependsOn.length),
    );
    for (const task of group.tasks) {
      const queue = queueOf(task);
      queue.ready += ready;
      tasks.insert.run(
        next.sequence++,
        deps.ids.next<"task">(),
        job,
        sequence,
        parent,
        optionalAncestor,
        queue.sequence,
        next.position++,
        taskStateCodes[state],
        ready,
        task.optional ? 1 : 0,
        task.maxRetries,
        task.display,
        task.input,
      );
    }
    return sequence;
  }

  return {
    findClusters: (groups) => findClusters(groups, deps.records),

    insert(work, placement, { groups, slugOf }) {
      const { job, state } = placement;
      const row = work.ledger.job(job);
      const isOpen = work.ledger.isOpen(job) ? 1 : 0;
      const count = groups.reduce((sum, group) => sum + group.tasks.length, 0);
      row.front = placesInFront(row.front, count);
      const next = { sequence: returned(tasks.takeSequences.get(count)).first, position: row.front };
      const used = new UsedQueues(slugOf, findQueue);
      const sequences = groups.map((group) => insertGroup(placement, group, next, used.of));
      for (const [index, { dependsOn }] of groups.entries()) {
        for (const dependency of dependsOn) {
          groupTable.insertDependency.run(returned(sequences[dependency]), returned(sequences[index]));
        }
      }
      for (const { sequence, cluster, ready } of used.all()) {
        jobs.addCluster.run(cluster, row.id);
        queues.addJob.run(job, sequence, isOpen, ready > 0 ? 1 : 0);
        if (ready > 0) work.markReady(job, sequence, ready);
      }
      work.ledger.count(job, undefined, state, count);
      return state === "queued" ? groups.length : 0;
    },
  };
}

function findClusters(
  groups: readonly SubmittedGroup[],
  records: Records,
): PlaceableGroups | { readonly unknown: readonly Slug[] } {
  const keyOf = (cluster: ClusterRef): string => (cluster.kind === "default" ? "" : cluster.slug);
  const named = new Map<string, ClusterRef>();
  for (const group of groups) for (const { cluster } of group.tasks) named.set(keyOf(cluster), cluster);
  const found = new Map<string, Slug>();
  const unknown: Slug[] = [];
  for (const [key, cluster] of named) {
    const row = records.findCluster(cluster);
    if (row !== undefined) found.set(key, row.slug);
    else if (cluster.kind === "slug") unknown.push(cluster.slug);
  }
  if (unknown.length > 0) return { unknown };
  return { groups, slugOf: (cluster) => returned(found.get(keyOf(cluster))) };
}

interface UsedQueue {
  readonly sequence: number;
  readonly cluster: Slug;
  /** Tasks of the submission that can be claimed at once. */
  ready: number;
}

/** A submission of thousands of tasks has a handful of queues, and thousands of tasks share one identifier. */
class UsedQueues {
  readonly #slugOf: (cluster: ClusterRef) => Slug;
  readonly #find: (cluster: Slug, identifier: VersionedIdentifier) => number;
  readonly #used = new Map<string, UsedQueue>();

  constructor(
    slugOf: (cluster: ClusterRef) => Slug,
    find: (cluster: Slug, identifier: VersionedIdentifier) => number,
  ) {
    this.#slugOf = slugOf;
    this.#find = find;
  }

  readonly of = ({ cluster: ref, identifier }: SubmittedTask): UsedQueue => {
    const cluster = this.#slugOf(ref);
    const key = `${cluster} ${identifier.version} ${identifier.name}`;
    const known = this.#used.get(key);
    if (known !== undefined) return known;
    const queue = { sequence: this.#find(cluster, identifier), cluster, ready: 0 };
    this.#used.set(key, queue);
    return queue;
  };

  all(): Iterable<UsedQueue> {
    return this.#used.values();
  }
}
