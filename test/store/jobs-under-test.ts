import assert from "node:assert/strict";
import type { JobId, TaskId } from "../../src/engine/job.ts";
import { endedStates } from "../../src/engine/retention.ts";
import type { SubmittedGroup } from "../../src/engine/submission.ts";
import type { TaskState } from "../../src/engine/task-state.ts";
import type { ComputedTask, FailureReport, Offer } from "../../src/store/job-port.ts";
import type { Store } from "../../src/store/port.ts";
import type { GroupShape, JobModel, ModelJob, ModelTask, Offered } from "../engine/job-model.ts";
import { errorOf } from "../support/errors.ts";
import { removeJobs } from "./contract-retention.ts";
import { slug } from "./samples.ts";

interface Setting {
  readonly store: Store;
  /** Tells the clusters of one sequence from those of others on the same store. */
  readonly slugOf: (cluster: string) => string;
  readonly advance: (ms: number) => void;
  readonly reopen: () => Promise<Store>;
}

/** A store in the terms of the model: tasks by name, clusters by letter. */
export class JobsUnderTest {
  #store: Store;
  readonly #setting: Setting;
  readonly #jobs = new Map<string, JobId>();
  readonly #tasks = new Map<string, TaskId>();

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#store = setting.store;
  }

  get jobs() {
    return this.#store.jobs;
  }

  /** The one that is open now. */
  get store(): Store {
    return this.#store;
  }

  #cluster(name: string) {
    return slug(this.#setting.slugOf(name));
  }

  groups(shapes: readonly GroupShape[], names: readonly string[]): SubmittedGroup[] {
    let next = 0;
    return shapes.map(({ dependsOn, tasks }) => ({
      dependsOn,
      tasks: tasks.map(({ cluster, kind, major, minor, maxRetries, optional }) => ({
        cluster: { kind: "slug", slug: this.#cluster(cluster) },
        identifier: { name: kind, version: `v${major}.${minor}`, major, minor },
        input: new Uint8Array([next]),
        display: names[next++] ?? "",
        maxRetries,
        optional,
      })),
    }));
  }

  offer({ cluster, identifiers }: Offered): Offer {
    return {
      cluster: { kind: "slug", slug: this.#cluster(cluster) },
      identifiers: identifiers.map(({ kind, major, minor }) => ({
        name: kind,
        version: `v${major}.${minor}`,
        major,
        minor,
      })),
    };
  }

  async submit(job: string, groups: readonly SubmittedGroup[]): Promise<void> {
    const made = await this.jobs.submitJob({
      name: job,
      traceParent: "00-0-0-00",
      automation: undefined,
      groups,
    });
    this.#jobs.set(job, made.id);
  }

  /** Returns the claimed task's name. */
  async next(computed: ComputedTask | undefined, offer: Offer | undefined): Promise<string | undefined> {
    const { task } = await this.jobs.nextTask({ computed, offer });
    if (task === undefined) return undefined;
    this.#tasks.set(task.display, task.id);
    return task.display;
  }

  fail(task: string, report: Omit<FailureReport, "id" | "display">): Promise<TaskState | undefined> {
    return this.jobs.failTask({ id: this.taskId(task), display: "", ...report });
  }

  job(name: string): JobId {
    return this.#jobs.get(name) ?? assert.fail(`no job ${name}`);
  }

  taskId(name: string): TaskId {
    return this.#tasks.get(name) ?? assert.fail(`no task ${name}`);
  }

  async advance(ms: number): Promise<void> {
    this.#setting.advance(ms);
    await this.jobs.endLeases();
  }

  /** All jobs that ended until now go, these among them. */
  async removeEnded(nowMs: number, names: readonly string[]): Promise<void> {
    await removeJobs(this.#store, endedStates, { endedBeforeMs: nowMs + 1 });
    await this.#store.retention.removeRemains();
    for (const name of names) {
      await assert.rejects(this.jobs.getJob(this.job(name)), errorOf("job-not-found"));
    }
  }

  async restart(): Promise<void> {
    this.#store = await this.#setting.reopen();
  }

  /** What a person sees of each job agrees with the model. */
  async compareJobs(model: JobModel): Promise<void> {
    for (const job of model.jobs) {
      const seen = await this.jobs.getJob(this.job(job.name));
      const counts = Object.fromEntries(seen.stats.tasksByState.map(({ state, count }) => [state, count]));
      const progress = seen.progress.map(({ label, total, done }) => [label, [total, done]] as const);
      assert.deepEqual(
        { job: job.name, state: seen.state, counts, progress: sorted(progress) },
        {
          job: job.name,
          state: model.stateOf(job),
          counts: countStates(job),
          progress: sorted([...model.progressOf(job)]),
        },
      );
    }
  }

  async compareAll(model: JobModel): Promise<void> {
    await this.compareJobs(model);
    for (const job of model.jobs) {
      const seen = await this.#list(this.job(job.name), undefined);
      const expected = outline(job.tasks.filter((task) => task.parent === undefined));
      assert.deepEqual(seen, expected);
    }
  }

  async #list(job: JobId, parent: TaskId | undefined): Promise<Outline[]> {
    const page = await this.jobs.listTasks({ job, parent, limit: 100, startingAfter: undefined });
    const listed: Outline[] = [];
    for (const task of page.tasks) {
      const [name = ""] = task.display.split("\n");
      const children = task.hasChildren ? await this.#list(job, task.id) : [];
      listed.push({ name, state: task.state, retries: task.retryCount, children });
    }
    return listed;
  }
}

interface Outline {
  readonly name: string;
  readonly state: TaskState;
  readonly retries: number;
  readonly children: readonly Outline[];
}

function outline(tasks: readonly ModelTask[]): Outline[] {
  return tasks.map(({ name, state, retries, children }) => ({
    name,
    state,
    retries,
    children: outline(children),
  }));
}

function countStates(job: ModelJob): Partial<Record<TaskState, number>> {
  const counts: Partial<Record<TaskState, number>> = {};
  for (const { state } of job.tasks) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function sorted<Value>(entries: readonly (readonly [string, Value])[]): (readonly [string, Value])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}
