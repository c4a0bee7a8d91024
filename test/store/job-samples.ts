/** Jobs and tasks for tests of the store, in few words. */
import assert from "node:assert/strict";
import type { Job, JobId, TaskId } from "../../src/engine/job.ts";
import type { JobState } from "../../src/engine/job-state.ts";
import type { SubmittedGroup, SubmittedTask } from "../../src/engine/submission.ts";
import type { TaskState } from "../../src/engine/task-state.ts";
import { withVersion } from "../../src/engine/task-version.ts";
import type {
  ClaimedTask,
  ComputedTask,
  JobQuery,
  JobStore,
  NewJob,
  Offer,
} from "../../src/store/job-port.ts";
import { defaultCluster } from "./samples.ts";

export function identifier(name: string, version = "v1.0") {
  return withVersion({ name, version }) ?? assert.fail(`${version} cannot be read`);
}

/** A task of the default cluster that is displayed under its name. */
export function task(name: string, more: Partial<SubmittedTask> = {}): SubmittedTask {
  return {
    cluster: defaultCluster,
    identifier: identifier("Task"),
    input: new Uint8Array(),
    display: name,
    maxRetries: 0,
    optional: false,
    ...more,
  };
}

/** Groups of tasks, each waiting for the one before. */
export function inTurn(...groups: readonly (readonly SubmittedTask[])[]): SubmittedGroup[] {
  return groups.map((tasks, index) => ({ dependsOn: index === 0 ? [] : [index - 1], tasks }));
}

export function newJob(groups: readonly SubmittedGroup[], more: Partial<NewJob> = {}): NewJob {
  return {
    name: "job",
    traceParent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
    automation: undefined,
    groups,
    ...more,
  };
}

export const offerOf = (...identifiers: readonly ReturnType<typeof identifier>[]): Offer => ({
  cluster: defaultCluster,
  identifiers,
});
export const anyTask = offerOf(identifier("Task"));

export function computed(id: TaskId, more: Partial<ComputedTask> = {}): ComputedTask {
  return { id, display: "", progress: [], subTasks: [], ...more };
}

export async function claim(jobs: JobStore, offer = anyTask): Promise<ClaimedTask> {
  const { task } = await jobs.nextTask({ computed: undefined, offer });
  return task ?? assert.fail("nothing could be claimed");
}

export async function claimNothing(jobs: JobStore, offer = anyTask): Promise<void> {
  assert.equal((await jobs.nextTask({ computed: undefined, offer })).task, undefined);
}

/** Reports a task as computed and asks for nothing. */
export async function compute(
  jobs: JobStore,
  task: ClaimedTask,
  more: Partial<ComputedTask> = {},
): Promise<void> {
  await jobs.nextTask({ computed: computed(task.id, more), offer: undefined });
}

export function fail(jobs: JobStore, task: ClaimedTask, display = ""): Promise<TaskState | undefined> {
  return jobs.failTask({ id: task.id, display, progress: [], wasWorkflowError: true });
}

export function giveBack(jobs: JobStore, task: ClaimedTask): Promise<TaskState | undefined> {
  return jobs.failTask({ id: task.id, display: "", progress: [], wasWorkflowError: false });
}

/** Runs whatever can be claimed until nothing is left; returns the displays in order. */
export async function runAll(
  jobs: JobStore,
  subTasks: Readonly<Record<string, readonly SubmittedGroup[]>> = {},
  offer = anyTask,
): Promise<string[]> {
  const order: string[] = [];
  let { task } = await jobs.nextTask({ computed: undefined, offer });
  while (task !== undefined) {
    order.push(task.display);
    const done = computed(task.id, { subTasks: subTasks[task.display] ?? [] });
    ({ task } = await jobs.nextTask({ computed: done, offer }));
  }
  return order;
}

/** States by display, roots before children. */
export async function statesOf(jobs: JobStore, job: JobId): Promise<Record<string, TaskState>> {
  const tasks = await jobs.readTaskTree(job, 1_000);
  return Object.fromEntries(tasks.map(({ display, state }) => [display, state]));
}

export async function stateOf(jobs: JobStore, job: Job): Promise<JobState> {
  return (await jobs.getJob(job.id)).state;
}

export const everything: JobQuery = {
  time: undefined,
  ids: undefined,
  states: [],
  taskStates: [],
  clusters: [],
  automations: [],
  nameWords: [],
  direction: "descending",
  limit: 100,
  startingAfter: undefined,
};
