import type { TaskId, TaskSummary } from "../../engine/job.ts";
import type { Slug } from "../../engine/slug.ts";
import type { SubmittedGroup } from "../../engine/submission.ts";
import { withVersion } from "../../engine/task-version.ts";
import { UserError } from "../../errors.ts";
import type { QueuedTask, TaskPage, TaskQuery, TreeTask } from "../job-port.ts";
import { submittedAtMs } from "./job-id-times.ts";
import { type JobRow, jobStateOfCode } from "./job-table.ts";
import { type Database, prepare, returned } from "./statement.ts";
import { taskStateOfCode } from "./task-table.ts";
import type { TaskTables } from "./task-work.ts";

export interface TaskLists {
  list(job: JobRow, query: TaskQuery): TaskPage;
  tree(job: JobRow, limit: number): readonly TreeTask[];
  roots(job: JobRow, limit: number): readonly SubmittedGroup[];
  queued(task: TaskId): QueuedTask | undefined;
}

interface ListedRow {
  readonly sequence: number;
  readonly id: TaskId;
  readonly parent_id: TaskId | null;
  readonly task_group: number;
  readonly cluster: Slug;
  readonly name: string;
  readonly version: string;
  readonly display: string;
  readonly submitted_display: string;
  readonly state: number;
  readonly optional: 0 | 1;
  readonly max_retries: number;
  readonly retry_count: number;
  readonly started_at_ms: number | null;
  readonly stopped_at_ms: number | null;
  readonly input: Uint8Array;
  readonly has_children: 0 | 1;
}

/** Tasks of groups, with what their queues and parents say. Groups come from an index, their tasks as ranges. */
const listed = `
  SELECT tasks.sequence, tasks.id, parents.id AS parent_id, tasks.task_group, task_queues.cluster,
    task_queues.name, task_queues.version, coalesce(tasks.reported_display, tasks.display) AS display,
    tasks.display AS submitted_display, tasks.state, tasks.optional, tasks.max_retries, tasks.retry_count, tasks.started_at_ms,
    tasks.stopped_at_ms, tasks.input,
    EXISTS (SELECT 1 FROM task_groups AS below WHERE below.job = tasks.job AND below.parent = tasks.sequence)
      AS has_children
  FROM task_groups
    CROSS JOIN tasks ON tasks.sequence BETWEEN task_groups.first_task AND task_groups.last_task
    JOIN task_queues ON task_queues.sequence = tasks.queue
    LEFT JOIN tasks AS parents ON parents.sequence = tasks.parent`;

function prepareListStatements(database: Database) {
  return {
    roots: prepare<[job: number, after: number, limit: number], ListedRow>(
      database,
      `${listed}
       WHERE task_groups.job = ? AND task_groups.parent IS NULL AND tasks.sequence > ?
       ORDER BY task_groups.sequence, tasks.sequence LIMIT ?`,
    ),
    children: prepare<[job: number, parent: number, after: number, limit: number], ListedRow>(
      database,
      `${listed}
       WHERE task_groups.job = ? AND task_groups.parent = ? AND tasks.sequence > ?
       ORDER BY task_groups.sequence, tasks.sequence LIMIT ?`,
    ),
    /** By parent and then by age: no task comes before the one that submitted it. */
    ofJob: prepare<[job: number, limit: number], ListedRow>(
      database,
      `${listed} WHERE task_groups.job = ?
       ORDER BY task_groups.parent NULLS FIRST, task_groups.sequence, tasks.sequence LIMIT ?`,
    ),
    /** The groups that a group waits for; they were submitted by the same task. */
    dependencies: prepare<[group: number], { readonly dependency: number; readonly open_members: number }>(
      database,
      {
        sqlite: `SELECT dependency.sequence AS dependency, dependency.open_members
           FROM task_groups AS own
             JOIN task_groups AS dependency ON dependency.job = own.job AND dependency.parent IS own.parent
             JOIN task_group_dependencies AS pair
               ON pair.dependency = dependency.sequence AND pair.dependent = own.sequence
           WHERE own.sequence = ? ORDER BY dependency.sequence`,
        // IS finds nothing in an index here, so the pairs have one for this way round.
        postgres: `SELECT dependency.sequence AS dependency, dependency.open_members
           FROM task_group_dependencies AS pair
             JOIN task_groups AS dependency ON dependency.sequence = pair.dependency
           WHERE pair.dependent = ? ORDER BY dependency.sequence`,
      },
    ),
    displaysOfOpen: prepare<[group: number, limit: number], { readonly display: string }>(
      database,
      `SELECT tasks.display FROM task_groups
         CROSS JOIN tasks ON tasks.sequence BETWEEN task_groups.first_task AND task_groups.last_task
       WHERE task_groups.sequence = ? AND (tasks.state NOT IN (3, 5, 6) OR tasks.open_groups > 0)
       ORDER BY tasks.sequence LIMIT ?`,
    ),
  };
}

/** As many names as fit into a sentence. */
const namedDependencies = 5;

export function createTaskLists(database: Database, { jobs, tasks, queues }: TaskTables): TaskLists {
  const statements = prepareListStatements(database);

  function sequenceOf(job: JobRow, task: TaskId | undefined): number | undefined {
    if (task === undefined) return undefined;
    const row = tasks.byId.get(task);
    if (row?.job === job.sequence) return row.sequence;
    throw new UserError("task-not-found", `The job ${job.id} has no task ${task}`);
  }

  const dependenciesOf = (group: number): number[] =>
    statements.dependencies.all(group).map((row) => row.dependency);

  return {
    list(job, { parent, limit, startingAfter }) {
      const after = sequenceOf(job, startingAfter) ?? 0;
      const parentSequence = sequenceOf(job, parent);
      const rows =
        parentSequence === undefined
          ? statements.roots.all(job.sequence, after, limit + 1)
          : statements.children.all(job.sequence, parentSequence, after, limit + 1);
      return { tasks: rows.slice(0, limit).map(toSummary), hasMore: rows.length > limit };
    },

    tree(job, limit) {
      const dependencies = new Map<number, number[]>();
      return statements.ofJob.all(job.sequence, limit).map((row): TreeTask => {
        const dependsOn = dependencies.get(row.task_group) ?? dependenciesOf(row.task_group);
        dependencies.set(row.task_group, dependsOn);
        return {
          id: row.id,
          parent: row.parent_id ?? undefined,
          group: row.task_group,
          dependsOn,
          identifier: { name: row.name, version: row.version },
          display: row.display,
          state: taskStateOfCode(row.state),
          optional: row.optional === 1,
        };
      });
    },

    roots: (job, limit) => toSubmittedGroups(statements.roots.all(job.sequence, 0, limit), dependenciesOf),

    queued(id) {
      const task = tasks.byId.get(id);
      if (task === undefined) return undefined;
      const { cluster, name, version, major, minor } = returned(queues.bySequence.get(task.queue));
      const job = returned(jobs.bySequence.get(task.job));
      const open = statements.dependencies
        .all(task.task_group)
        .filter((dependency) => dependency.open_members > 0)
        .flatMap(({ dependency }) => statements.displaysOfOpen.all(dependency, namedDependencies));
      return {
        state: taskStateOfCode(task.state),
        job: jobStateOfCode(job.state),
        cluster,
        identifier: { name, version, major, minor },
        openDependencies: open.slice(0, namedDependencies).map((dependency) => dependency.display),
      };
    },
  };
}

function toSummary(row: ListedRow): TaskSummary {
  const state = taskStateOfCode(row.state);
  // Of a task that waits or runs again the last attempt's end is no end.
  const hasEnded = state !== "queued" && state !== "running";
  return {
    id: row.id,
    parent: row.parent_id ?? undefined,
    identifier: { name: row.name, version: row.version },
    display: row.display,
    state,
    submittedAtMs: submittedAtMs(row.id),
    startedAtMs: row.started_at_ms ?? undefined,
    stoppedAtMs: hasEnded ? (row.stopped_at_ms ?? undefined) : undefined,
    input: row.input,
    retryCount: row.retry_count,
    maxRetries: row.max_retries,
    hasChildren: row.has_children === 1,
    cluster: row.cluster,
    optional: row.optional === 1,
  };
}

function toSubmittedGroups(
  rows: readonly ListedRow[],
  dependenciesOf: (group: number) => number[],
): SubmittedGroup[] {
  const byGroup = Map.groupBy(rows, (row) => row.task_group);
  const sequences = [...byGroup.keys()];
  return [...byGroup].map(([group, members]) => ({
    // A group beyond the limit was cut off, and with it what waits for it loses that one dependency.
    dependsOn: dependenciesOf(group)
      .map((dependency) => sequences.indexOf(dependency))
      .filter((index) => index >= 0),
    tasks: members.map((row) => ({
      cluster: { kind: "slug", slug: row.cluster },
      identifier: returned(withVersion(row)),
      input: row.input,
      display: row.submitted_display,
      maxRetries: row.max_retries,
      optional: row.optional === 1,
    })),
  }));
}
