/**
 * The form without groups: each task names the tasks it depends on. Older SDKs submit with it
 * (legacy_tasks, legacy_sub_tasks); GetJobPrototype answers and CloneJob asks in it.
 */
import { cutDisplay } from "./display.ts";
import {
  findCycle,
  Problems,
  readCluster,
  readIdentifier,
  readMaxRetries,
  type Submission,
  type SubmittedGroup,
  submissionLimits,
} from "./submission.ts";
import type { TaskIdentifier } from "./task-identifier.ts";

export interface RawSingleTask {
  readonly clusterSlug: string;
  readonly identifier?: TaskIdentifier | undefined;
  readonly input: Uint8Array;
  readonly display: string;
  /** By their place in the submission. */
  readonly dependencies: readonly bigint[];
  readonly maxRetries: bigint;
}

/** Reads at most `limit` tasks, each into a group of its own. */
export function parseSingleTasks(raw: readonly RawSingleTask[], limit: number): Submission {
  const problems = new Problems();
  if (raw.length > limit) {
    problems.add(`${raw.length} tasks; at most ${limit} are allowed`);
    return { ok: false, problems: problems.list };
  }
  const groups = raw.map((task, place) => readSingleTask(task, place, raw.length, problems));
  const cycle = findCycle(groups);
  if (cycle !== undefined) problems.add(`the dependencies of the tasks run in a circle: ${cycle}`);
  return problems.list.length === 0 ? { ok: true, groups } : { ok: false, problems: problems.list };
}

function readSingleTask(
  raw: RawSingleTask,
  place: number,
  count: number,
  problems: Problems,
): SubmittedGroup {
  const where = `task ${place}`;
  const dependsOn = [...new Set(raw.dependencies)].map(Number);
  const unknown = dependsOn.find((dependency) => dependency < 0 || dependency >= count);
  if (unknown !== undefined) problems.add(`${where} depends on task ${unknown}, which does not exist`);
  if (raw.input.length > submissionLimits.inputSizeBytes) {
    problems.add(
      `${where}: an input of ${raw.input.length} bytes; the limit is ${submissionLimits.inputSizeBytes}`,
    );
  }
  const cluster = readCluster(raw.clusterSlug, `${where}: cluster_slug`, problems);
  const identifier = readIdentifier(raw.identifier ?? { name: "", version: "" }, where, problems);
  const maxRetries = readMaxRetries(raw.maxRetries, where, problems);
  if (cluster === undefined || identifier === undefined) return { dependsOn, tasks: [] };
  // Nothing forbids an empty display in this form; what a person sees is then the task's name.
  const display = raw.display === "" ? identifier.name : cutDisplay(raw.display);
  return {
    dependsOn,
    tasks: [{ cluster, identifier, input: raw.input, display, maxRetries, optional: false }],
  };
}
