/**
 * What `tilebox workflow publish-release --json` answers. Its documents name the fields; that tasks have the form
 * of a TaskIdentifier, and files that of the release record's tree or of its paths, is taken from the public API.
 */
import { parseId } from "../../engine/id.ts";
import type { TaskIdentifier } from "../../engine/task-identifier.ts";
import { wholePath } from "../file-tree.ts";

export interface PublishAnswer {
  readonly id: string;
  readonly fingerprint: string;
  readonly tasks: readonly TaskIdentifier[];
  /** Paths of files, without folders. */
  readonly files: readonly string[];
}

export type ParsedAnswer =
  | { readonly ok: true; readonly answer: PublishAnswer }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Unknown fields are let through; of the known ones nothing is guessed. */
export function parsePublishAnswer(text: string): ParsedAnswer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const what = text.trim() === "" ? "nothing was printed" : `it is no JSON: ${(error as Error).message}`;
    return { ok: false, problems: [what] };
  }
  if (!isObject(value)) return { ok: false, problems: ["it is no JSON object"] };
  const problems: string[] = [];
  const id = typeof value.id === "string" ? parseId<"release">(value.id.toLowerCase()) : undefined;
  if (id === undefined) problems.push(`id: ${shown(value.id)} is not a UUID`);
  const { fingerprint } = value;
  const isHash = typeof fingerprint === "string" && /^[0-9a-f]{64}$/.test(fingerprint);
  if (!isHash) problems.push(`fingerprint: ${shown(fingerprint)} is not a sha256 in lower-case hex`);
  const tasks = listOf("tasks", value.tasks, problems).flatMap((task, index) =>
    parseTask(task, `tasks[${index}]`, problems),
  );
  const files = listOf("files", value.files, problems).flatMap((file, index) =>
    parseFile(file, "", `files[${index}]`, problems),
  );
  if (problems.length > 0 || id === undefined || !isHash) return { ok: false, problems };
  return { ok: true, answer: { id, fingerprint, tasks, files } };
}

function listOf(name: string, value: unknown, problems: string[]): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  problems.push(`${name}: ${shown(value)} is not a list with entries`);
  return [];
}

function parseTask(value: unknown, where: string, problems: string[]): TaskIdentifier[] {
  if (isObject(value) && typeof value.name === "string" && typeof value.version === "string") {
    return [{ name: value.name, version: value.version }];
  }
  problems.push(`${where}: ${shown(value)} is not a name and a version`);
  return [];
}

/** A path, or a node of a tree whose paths are whole or relative to their folder. */
function parseFile(value: unknown, folder: string, where: string, problems: string[]): string[] {
  const node = typeof value === "string" ? { path: value } : value;
  if (!isObject(node) || typeof node.path !== "string" || !isRelative(node.path)) {
    problems.push(`${where}: ${shown(value)} is not a path inside the artifact`);
    return [];
  }
  const path = wholePath(node.path, folder);
  const { children = [], directory = false } = node;
  if (!Array.isArray(children) || typeof directory !== "boolean") {
    problems.push(`${where}: ${shown(value)} is not a file or folder`);
    return [];
  }
  const isFolder = directory || children.length > 0;
  if (!isFolder) return [path];
  return children.flatMap((child, index) => parseFile(child, path, `${where}.children[${index}]`, problems));
}

function isRelative(path: string): boolean {
  return (
    path !== "" && !path.startsWith("/") && path.split("/").every((part) => part !== ".." && part !== "")
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
