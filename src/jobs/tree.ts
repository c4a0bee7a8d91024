/** The tasks of a job as a tree, read through the public contract. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ApiClient } from "../api/client.ts";
import type { ID } from "../api/gen/tilebox/v1/id_pb.ts";
import { TaskState as WireState } from "../api/gen/workflows/v1/core_pb.ts";
import type { JobTaskPage, TaskSummary } from "../api/gen/workflows/v1/job_pb.ts";
import { idFromBytes } from "../engine/id.ts";
import type { TaskId } from "../engine/job.ts";
import type { TaskState } from "../engine/task-state.ts";

export interface TaskNode {
  readonly id: TaskId;
  readonly display: string;
  readonly state: TaskState | "unknown";
  readonly optional: boolean;
  /** Slug. */
  readonly cluster: string;
  /** How often its own code failed and it was tried again. */
  readonly retries: number;
  readonly maxRetries: number;
  readonly startedAtMs: number | undefined;
  readonly stoppedAtMs: number | undefined;
  readonly children: readonly TaskNode[];
}

export interface TaskTree {
  readonly roots: readonly TaskNode[];
  /** The limit was reached: there are more tasks than these. */
  readonly cut: boolean;
}

const pageSize = 100n;

/** At most `limit` tasks, whole branches as far as they fit, in the order they were submitted. */
export async function readTaskTree(
  api: Pick<ApiClient, "jobs">,
  jobId: ID,
  limit: number,
  signal: AbortSignal,
): Promise<TaskTree> {
  let left = limit;
  let cut = false;
  const readPage = async (parentTaskId: ID | undefined, startingAfter: ID | undefined): Promise<Level> => {
    const request = {
      jobId,
      page: { limit: pageSize, ...(startingAfter === undefined ? {} : { startingAfter }) },
      prefetchChildren: { limit: pageSize },
      ...(parentTaskId === undefined ? {} : { parentTaskId }),
    };
    const { page, prefetchedChildPages } = await api.jobs.listJobTasks(request, { signal });
    return { page, below: new Map(prefetchedChildPages.map((below) => [keyOf(below.parentTaskId), below])) };
  };
  const read = async (parent: ID | undefined, first: Level): Promise<TaskNode[]> => {
    const nodes: TaskNode[] = [];
    for (let level = first; ; ) {
      for (const task of level.page?.tasks ?? []) {
        if (left <= 0) {
          cut = true;
          return nodes;
        }
        left--;
        nodes.push(nodeOf(task, task.hasChildren ? await readBelow(task, level) : []));
      }
      const after = level.page?.nextPage?.startingAfter;
      if (after === undefined) return nodes;
      level = await readPage(parent, after);
    }
  };
  const readBelow = async ({ id }: TaskSummary, { below }: Level): Promise<TaskNode[]> => {
    const page = below.get(keyOf(id));
    return await read(id, page === undefined ? await readPage(id, undefined) : { page, below: new Map() });
  };
  return { roots: await read(undefined, await readPage(undefined, undefined)), cut };
}

interface Level {
  readonly page: JobTaskPage | undefined;
  /** Pages that came with it, by the task they belong to. */
  readonly below: ReadonlyMap<string, JobTaskPage>;
}

/** Parents before their children, with how deep each stands. */
export function* eachTask(
  nodes: readonly TaskNode[],
  depth = 0,
): Generator<{ readonly task: TaskNode; readonly depth: number }> {
  for (const task of nodes) {
    yield { task, depth };
    yield* eachTask(task.children, depth + 1);
  }
}

function keyOf(id: ID | undefined): string {
  return Buffer.from(id?.uuid ?? []).toString("hex");
}

function nodeOf(task: TaskSummary, children: readonly TaskNode[]): TaskNode {
  return {
    id: idFromBytes<"task">(task.id?.uuid ?? new Uint8Array()) ?? ("" as TaskId),
    display: task.display,
    state: stateOf(task.state),
    optional: task.optional,
    cluster: task.clusterSlug,
    retries: Number(task.retryCount),
    maxRetries: Number(task.maxRetries),
    startedAtMs: task.startedAt === undefined ? undefined : timestampMs(task.startedAt),
    stoppedAtMs: task.stoppedAt === undefined ? undefined : timestampMs(task.stoppedAt),
    children,
  };
}

const states: Readonly<Record<WireState, TaskState | "unknown">> = {
  [WireState.UNSPECIFIED]: "unknown",
  [WireState.QUEUED]: "queued",
  [WireState.RUNNING]: "running",
  [WireState.COMPUTED]: "computed",
  [WireState.FAILED]: "failed",
  [WireState.SKIPPED]: "skipped",
  [WireState.FAILED_OPTIONAL]: "failed-optional",
};

function stateOf(state: WireState): TaskState | "unknown" {
  // A number that this program does not know, from a newer control plane.
  return states[state] ?? "unknown";
}
