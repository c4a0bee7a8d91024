import pLimit from "p-limit";
import { SortDirection } from "../api/gen/tilebox/v1/query_pb.ts";
import { type Job, JobState } from "../api/gen/workflows/v1/core_pb.ts";
import type { ContractTask } from "../engine/contract.ts";
import { messageOf } from "../errors.ts";
import { eachTask, readTaskTree, type TaskNode } from "../jobs/tree.ts";
import type { ReleaseApi } from "./release-api.ts";

/** Tasks of one cluster that wait, run or have failed, and that a deployment leaves without a task that can run them. */
export interface StrandedJobs {
  readonly cluster: string;
  readonly tasks: readonly { readonly name: string; readonly tasks: number; readonly jobs: number }[];
  /** What was looked at, when there is more: `the newest 50 jobs`. */
  readonly cut?: string;
  /** Why nothing could be counted. */
  readonly unread?: string;
}

/** The newest ones; who has more open jobs learns enough from these. */
const maxJobs = 50;
const maxTasksOfJob = 500;
const callsAtOnce = 4;

/** Jobs that may still need tasks: a failed one can be retried. */
const openStates = [JobState.SUBMITTED, JobState.RUNNING, JobState.STARTED, JobState.FAILED];
const openTasks: ReadonlySet<TaskNode["state"]> = new Set(["queued", "running", "failed"]);

/**
 * The public contract does not tell a task's identifier. A task is known by what it is displayed as, which is its
 * class until its own code says otherwise.
 *
 * Never throws but for an aborted signal.
 */
export async function countStranded(
  api: Pick<ReleaseApi, "jobs">,
  cluster: string,
  tasks: readonly ContractTask[],
  signal: AbortSignal,
): Promise<StrandedJobs> {
  try {
    const request = {
      filters: { states: openStates, clusterSlugs: [cluster] },
      page: { limit: BigInt(maxJobs) },
      sortDirection: SortDirection.DESCENDING,
    };
    const { jobs, nextPage } = await api.jobs.queryJobs(request, { signal });
    const limit = pLimit(callsAtOnce);
    const counted = await limit.map(jobs, (job) => countJob(api, job, cluster, tasks, signal));
    const isCut = nextPage?.startingAfter !== undefined;
    const isDeep = counted.some(({ cut }) => cut);
    const limits = [
      ...(isCut ? [`the newest ${maxJobs} jobs`] : []),
      ...(isDeep ? [`${maxTasksOfJob} tasks of each`] : []),
    ];
    return {
      cluster,
      tasks: sum(tasks, counted),
      ...(limits.length === 0 ? {} : { cut: limits.join(", ") }),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { cluster, tasks: [], unread: messageOf(error) };
  }
}

interface CountedJob {
  readonly names: ReadonlyMap<string, number>;
  readonly cut: boolean;
}

async function countJob(
  api: Pick<ReleaseApi, "jobs">,
  { id }: Job,
  cluster: string,
  tasks: readonly ContractTask[],
  signal: AbortSignal,
): Promise<CountedJob> {
  const names = new Map<string, number>();
  if (id === undefined) return { names, cut: false };
  const { roots, cut } = await readTaskTree(api, id, maxTasksOfJob, signal);
  for (const { task } of eachTask(roots)) {
    if (!openTasks.has(task.state) || task.cluster !== cluster) continue;
    const found = tasks.find((candidate) => isShownAs(candidate, task.display));
    if (found !== undefined) names.set(found.name, (names.get(found.name) ?? 0) + 1);
  }
  return { names, cut };
}

/** A failed task's display goes on with its error below; some tasks put their input behind their class. */
function isShownAs({ className, name }: ContractTask, display: string): boolean {
  const [line = ""] = display.split("\n");
  const shown = [className, name.split(/[/.]/).at(-1)].filter((text) => text !== undefined && text !== "");
  const word = /^[\p{L}\p{N}_]+/u.exec(line)?.[0];
  return shown.includes(line) || shown.includes(word);
}

function sum(tasks: readonly ContractTask[], jobs: readonly CountedJob[]): StrandedJobs["tasks"] {
  return [...new Set(tasks.map(({ name }) => name))].flatMap((name) => {
    const counts = jobs.map(({ names }) => names.get(name) ?? 0).filter((count) => count > 0);
    const total = counts.reduce((one, other) => one + other, 0);
    return total === 0 ? [] : [{ name, tasks: total, jobs: counts.length }];
  });
}
