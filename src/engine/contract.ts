/** The task contract: what a build promises to jobs that carry inputs for its tasks. */
import { identifierProblems } from "./registered-tasks.ts";
import type { TaskIdentifier } from "./task-identifier.ts";

export interface TaskContract {
  /** Exactly the tasks of the build, in its order. */
  readonly tasks: readonly ContractTask[];
  /** Dataclasses and typed dictionaries that the types name. */
  readonly records: readonly ContractRecord[];
}

export interface ContractTask extends TaskIdentifier {
  /** What a submitted task is displayed as until it names itself; absent where it was not read. */
  readonly className?: string;
  readonly input: InputSchema;
}

export type InputSchema =
  | { readonly kind: "fields"; readonly fields: readonly ContractField[] }
  | { readonly kind: "unknown"; readonly why: string };

export interface ContractField {
  readonly name: string;
  /** See contract-types.ts. */
  readonly type: string;
  readonly required: boolean;
  /** As Python would show it; absent where there is none, and where it was not read. */
  readonly default?: string;
  /** Why the type could not be read; `type` then says `unknown`. */
  readonly unread?: string;
}

export interface ContractRecord {
  readonly name: string;
  readonly fields: readonly ContractField[];
}

/** Of the JSON: a release holds code for hundreds of tasks, not a data model. The Python program keeps within it. */
export const contractLimitBytes = 256 * 1024;

const maxEntries = 10_000;
const maxTextLength = 2_000;

/** A contract of which only names and versions are known. */
export function contractOfNames(tasks: readonly TaskIdentifier[], why: string): TaskContract {
  return {
    tasks: tasks.map(({ name, version }) => ({ name, version, input: { kind: "unknown", why } })),
    records: [],
  };
}

/** Reads a contract out of parsed JSON; undefined when anything in it has another form or size. */
export function parseContract(value: unknown): TaskContract | undefined {
  const { tasks, records } = asRecord(value);
  const readTasks = list(tasks, parseTask);
  const readRecords = list(records, parseRecord);
  if (readTasks === undefined || readRecords === undefined) return undefined;
  return identifierProblems(readTasks).length === 0 ? { tasks: readTasks, records: readRecords } : undefined;
}

/** The same from text of at most `contractLimitBytes`. */
export function parseContractText(text: string): TaskContract | undefined {
  if (Buffer.byteLength(text) > contractLimitBytes) return undefined;
  try {
    return parseContract(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function parseTask(value: unknown): ContractTask | undefined {
  const { name, version, className, input } = asRecord(value);
  if (!isText(name) || !isText(version) || !isOptionalText(className)) return undefined;
  const schema = parseInput(input);
  if (schema === undefined) return undefined;
  return { name, version, ...(className === undefined ? {} : { className }), input: schema };
}

function parseInput(value: unknown): InputSchema | undefined {
  const { kind, fields, why } = asRecord(value);
  if (kind === "unknown" && isText(why)) return { kind, why };
  const read = list(fields, parseField);
  return kind === "fields" && read !== undefined ? { kind, fields: read } : undefined;
}

function parseRecord(value: unknown): ContractRecord | undefined {
  const { name, fields } = asRecord(value);
  const read = list(fields, parseField);
  return isText(name) && read !== undefined ? { name, fields: read } : undefined;
}

function parseField(value: unknown): ContractField | undefined {
  const { name, type, required, default: standard, unread } = asRecord(value);
  if (!isText(name) || !isText(type) || typeof required !== "boolean") return undefined;
  if (!isOptionalText(standard) || !isOptionalText(unread)) return undefined;
  return {
    name,
    type,
    required,
    ...(standard === undefined ? {} : { default: standard }),
    ...(unread === undefined ? {} : { unread }),
  };
}

function list<T>(value: unknown, parse: (entry: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value) || value.length > maxEntries) return undefined;
  const read = value.map(parse).filter((entry) => entry !== undefined);
  return read.length === value.length ? read : undefined;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= maxTextLength;
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}
