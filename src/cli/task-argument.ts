import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import { parseTaskVersion } from "../engine/task-version.ts";
import { messageOf, UserError } from "../errors.ts";
import { taskInput } from "../jobs/input.ts";

/** Reads NAME@VERSION. A name may hold an @ itself: the last one counts. */
export function taskArgument(value: string): TaskIdentifier {
  const at = value.lastIndexOf("@");
  const name = value.slice(0, at);
  const version = value.slice(at + 1);
  if (at < 1 || parseTaskVersion(version) === undefined) {
    throw new InvalidArgumentError("give NAME@VERSION, as in tiles/Mosaic@v1.0");
  }
  return { name, version };
}

export interface InputOptions {
  readonly input?: string;
  readonly inputFile?: string;
}

export function addInputOptions(command: Command): Command {
  return command
    .option("--input <json>", "the task's input: an object of its fields, or the bare value of its only one")
    .option("--input-file <file>", "a file with the input");
}

/** Nothing is no input, for a task without fields. */
export async function readInput({ input, inputFile }: InputOptions): Promise<Uint8Array<ArrayBuffer>> {
  if (input !== undefined && inputFile !== undefined) {
    throw new UserError("input-invalid", "There are two inputs", {
      next: "Give either --input or --input-file.",
    });
  }
  if (inputFile === undefined) return taskInput(input ?? "", "--input");
  const text = await readFile(inputFile, "utf8").catch((cause: unknown) => {
    const reason = messageOf(cause);
    throw new UserError("input-invalid", `The input cannot be read: ${reason}`, { cause });
  });
  return taskInput(text, inputFile);
}
