import { readFile } from "node:fs/promises";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import { messageOf, UserError } from "../errors.ts";
import { taskInput } from "../jobs/input.ts";

/** What the input `smoke-task` says: the first task of the job that shall be rehearsed, and its input. */
export interface SmokeTask {
  readonly task: TaskIdentifier;
  readonly input:
    | { readonly kind: "json"; readonly text: string }
    | { readonly kind: "file"; readonly path: string };
}

export interface RehearsedTask extends TaskIdentifier {
  /** See jobs/input.ts. */
  readonly input: Uint8Array<ArrayBuffer>;
}

/** JSON never begins with this, so a file cannot be mistaken for an input. */
const filePrefix = "file:";

/** Reads `NAME@vMAJOR.MINOR`, then JSON or `file:PATH`, or nothing. Undefined for anything else. */
export function parseSmokeTask(text: string): SmokeTask | undefined {
  const match = /^(?<name>.+?)@(?<version>v\d+\.\d+)(?:\s+(?<input>.*))?$/s.exec(text.trim());
  if (match?.groups?.name === undefined || match.groups.version === undefined) return undefined;
  const { name, version, input = "" } = match.groups;
  return {
    task: { name, version },
    input: input.startsWith(filePrefix)
      ? { kind: "file", path: input.slice(filePrefix.length).trim() }
      : { kind: "json", text: input },
  };
}

/** @throws UserError input-invalid when the input is no JSON, is too large, or its file cannot be read. */
export async function readSmokeTask({ task, input }: SmokeTask): Promise<RehearsedTask> {
  if (input.kind === "json") return { ...task, input: taskInput(input.text, "smoke-task") };
  const text = await readFile(input.path, "utf8").catch((cause: unknown) => {
    const reason = messageOf(cause);
    throw new UserError("input-invalid", `The input of smoke-task cannot be read: ${reason}`, { cause });
  });
  return { ...task, input: taskInput(text, input.path) };
}
