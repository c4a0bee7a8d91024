/** Reads what SubmitJob and ComputedTask submit into groups of tasks that cannot be wrong. */
import { cutDisplay } from "./display.ts";
import type { ClusterRef } from "./release.ts";
import { parseSlug } from "./slug.ts";
import type { TaskIdentifier } from "./task-identifier.ts";
import { parseTaskVersion, type VersionedIdentifier } from "./task-version.ts";

/** Limits of the public service. [doc: validation of core.proto] */
export const submissionLimits = {
  groups: 64,
  /** Of the older form, which has no groups. */
  singleTasks: 1000,
  inputSizeBytes: 2048,
  /** Code points, as the SDKs and identifierProblems count. */
  identifierNameCharacters: 256,
  /** Ours: one submission is one transaction, and a larger one would keep every runner waiting. */
  tasks: 100_000,
  /** Ours: int64 on the wire; beyond this a loop is meant, not a retry. */
  maxRetries: 1_000_000,
} as const;

/** More lines than this help nobody. */
const reportedProblems = 20;

/** Column by column, as the wire has it: the n-th entry of every column is the n-th task of the group. */
export interface RawTaskGroup {
  readonly dependenciesOnOtherGroups: readonly number[];
  readonly inputs: readonly Uint8Array[];
  readonly identifierPointers: readonly bigint[];
  readonly clusterSlugPointers: readonly bigint[];
  readonly displayPointers: readonly bigint[];
  readonly maxRetriesValues: readonly bigint[];
  readonly optionalValues: readonly boolean[];
}

export interface RawTaskSubmissions {
  readonly taskGroups: readonly RawTaskGroup[];
  readonly clusterSlugLookup: readonly string[];
  readonly identifierLookup: readonly TaskIdentifier[];
  readonly displayLookup: readonly string[];
}

export interface SubmittedTask {
  readonly cluster: ClusterRef;
  readonly identifier: VersionedIdentifier;
  readonly input: Uint8Array;
  readonly display: string;
  readonly maxRetries: number;
  readonly optional: boolean;
}

/** Every member depends on every member of the groups named, by their place in the submission. */
export interface SubmittedGroup {
  readonly dependsOn: readonly number[];
  readonly tasks: readonly SubmittedTask[];
}

export type Submission =
  | { readonly ok: true; readonly groups: readonly SubmittedGroup[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the grouped form. No groups at all is no problem here: it submits nothing. */
export function parseSubmission(raw: RawTaskSubmissions): Submission {
  const problems = new Problems();
  const groupCount = raw.taskGroups.length;
  if (groupCount > submissionLimits.groups) {
    problems.add(`${groupCount} task groups; at most ${submissionLimits.groups} are allowed`);
    return { ok: false, problems: problems.list };
  }
  const taskCount = raw.taskGroups.reduce((sum, group) => sum + group.inputs.length, 0);
  if (taskCount > submissionLimits.tasks) {
    problems.add(`${taskCount} tasks; at most ${submissionLimits.tasks} are allowed in one submission`);
    return { ok: false, problems: problems.list };
  }
  const lookups = readLookups(raw, problems);
  const groups = raw.taskGroups.map((group, index) => readGroup(group, index, groupCount, lookups, problems));
  const cycle = findCycle(groups);
  if (cycle !== undefined) problems.add(`the dependencies of the task groups run in a circle: ${cycle}`);
  return problems.list.length === 0 ? { ok: true, groups } : { ok: false, problems: problems.list };
}

export class Problems {
  readonly list: string[] = [];

  add(problem: string): void {
    if (this.list.length < reportedProblems) this.list.push(problem);
    else if (this.list.length === reportedProblems) this.list.push("and more");
  }
}

/** `undefined` stands for an entry with a problem that was reported once, not once a task. */
interface Lookups {
  readonly clusters: readonly (ClusterRef | undefined)[];
  readonly identifiers: readonly (VersionedIdentifier | undefined)[];
  readonly displays: readonly string[];
}

function readLookups(raw: RawTaskSubmissions, problems: Problems): Lookups {
  return {
    clusters: raw.clusterSlugLookup.map((slug, index) =>
      readCluster(slug, `cluster_slug_lookup[${index}]`, problems),
    ),
    identifiers: raw.identifierLookup.map((identifier, index) =>
      readIdentifier(identifier, `identifier_lookup[${index}]`, problems),
    ),
    displays: raw.displayLookup.map((display, index) => {
      if (display === "") problems.add(`display_lookup[${index}] is empty`);
      return cutDisplay(display);
    }),
  };
}

/** An empty slug is the default cluster. */
export function readCluster(slug: string, where: string, problems: Problems): ClusterRef | undefined {
  if (slug === "") return { kind: "default" };
  const parsed = parseSlug(slug);
  if (parsed !== undefined) return { kind: "slug", slug: parsed };
  problems.add(`${where} is no cluster slug: ${JSON.stringify(slug)}`);
  return undefined;
}

export function readIdentifier(
  identifier: TaskIdentifier,
  where: string,
  problems: Problems,
): VersionedIdentifier | undefined {
  const { name, version } = identifier;
  const characters = [...name].length;
  if (characters === 0 || characters > submissionLimits.identifierNameCharacters) {
    problems.add(`${where}: the name must have 1 to ${submissionLimits.identifierNameCharacters} characters`);
    return undefined;
  }
  const parsed = parseTaskVersion(version);
  if (parsed !== undefined) return { name, version, ...parsed };
  problems.add(`${where}: the version ${JSON.stringify(version)} is not of the form vMAJOR.MINOR`);
  return undefined;
}

function readGroup(
  raw: RawTaskGroup,
  index: number,
  groupCount: number,
  lookups: Lookups,
  problems: Problems,
): SubmittedGroup {
  const where = `task_groups[${index}]`;
  const dependsOn = [...new Set(raw.dependenciesOnOtherGroups)];
  const unknown = dependsOn.find((dependency) => dependency >= groupCount);
  if (unknown !== undefined) problems.add(`${where} depends on group ${unknown}, which does not exist`);
  if (!hasEvenColumns(raw, where, problems)) return { dependsOn, tasks: [] };
  const tasks: SubmittedTask[] = [];
  for (const [place, input] of raw.inputs.entries()) {
    const at = `${where} task ${place}`;
    if (input.length > submissionLimits.inputSizeBytes) {
      problems.add(
        `${at}: an input of ${input.length} bytes; the limit is ${submissionLimits.inputSizeBytes}`,
      );
    }
    const cluster = pick(lookups.clusters, raw.clusterSlugPointers[place], `${at}: cluster`, problems);
    const identifier = pick(
      lookups.identifiers,
      raw.identifierPointers[place],
      `${at}: identifier`,
      problems,
    );
    const display = pick(lookups.displays, raw.displayPointers[place], `${at}: display`, problems);
    const maxRetries = readMaxRetries(raw.maxRetriesValues[place] ?? 0n, at, problems);
    if (cluster === undefined || identifier === undefined || display === undefined) continue;
    const optional = raw.optionalValues[place] ?? false;
    tasks.push({ cluster, identifier, input, display, maxRetries, optional });
  }
  return { dependsOn, tasks };
}

function hasEvenColumns(raw: RawTaskGroup, where: string, problems: Problems): boolean {
  const count = raw.inputs.length;
  if (count === 0) {
    problems.add(`${where} has no tasks`);
    return false;
  }
  const columns = [
    ["identifier_pointers", raw.identifierPointers.length],
    ["cluster_slug_pointers", raw.clusterSlugPointers.length],
    ["display_pointers", raw.displayPointers.length],
    ["max_retries_values", raw.maxRetriesValues.length],
    // The only column that may be left out: no task of the group is optional then.
    ["optional_values", raw.optionalValues.length === 0 ? count : raw.optionalValues.length],
  ] as const;
  const uneven = columns.filter(([, length]) => length !== count);
  for (const [name, length] of uneven) {
    problems.add(`${where}: ${count} inputs, but ${length} ${name}`);
  }
  return uneven.length === 0;
}

function pick<Value>(
  lookup: readonly Value[],
  pointer: bigint | undefined,
  where: string,
  problems: Problems,
): Value | undefined {
  if (pointer === undefined) return undefined;
  if (pointer < BigInt(lookup.length)) return lookup[Number(pointer)];
  problems.add(`${where} ${pointer} of ${lookup.length} does not exist`);
  return undefined;
}

export function readMaxRetries(value: bigint, where: string, problems: Problems): number {
  if (value >= 0n && value <= BigInt(submissionLimits.maxRetries)) return Number(value);
  problems.add(`${where}: max_retries must be 0 to ${submissionLimits.maxRetries}, not ${value}`);
  return 0;
}

/** Names the groups of one circle of dependencies; undefined when the groups can run in some order. */
export function findCycle(groups: readonly { readonly dependsOn: readonly number[] }[]): string | undefined {
  const cleared = new Set<number>();
  const path: number[] = [];
  /** True when a circle was found: then it is the end of the path, from where its last entry stands first. */
  const visit = (index: number): boolean => {
    if (cleared.has(index)) return false;
    const closes = path.includes(index);
    path.push(index);
    if (closes || groups[index]?.dependsOn.some(visit)) return true;
    path.pop();
    cleared.add(index);
    return false;
  };
  for (const index of groups.keys()) {
    if (visit(index)) return path.slice(path.indexOf(path.at(-1) ?? index)).join(" → ");
  }
  return undefined;
}
