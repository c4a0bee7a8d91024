/** What a worker may register as its tasks, and so what a release may record. */
import type { TaskIdentifier } from "./task-identifier.ts";
import { parseTaskVersion } from "./task-version.ts";

/** The SDK's limit, which counts code points. */
const maxNameCharacters = 256;

/** Letters, marks, numbers, punctuation, symbols and plain spaces: nothing that breaks a line or hides. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;

/**
 * What is wrong with the tasks that a worker registered, one sentence a problem, none when all is well.
 * The worker lets through names with line breaks and versions with a trailing line end or with digits
 * of other scripts, which every later reader of the release would have to survive.
 */
export function identifierProblems(identifiers: readonly TaskIdentifier[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const identifier of identifiers) {
    const shown = JSON.stringify(identifier.name);
    const characters = [...identifier.name].length;
    if (characters === 0)
      problems.push(`A task of version ${JSON.stringify(identifier.version)} has no name`);
    if (characters > maxNameCharacters)
      problems.push(
        `The task name ${shown} has ${characters} characters; at most ${maxNameCharacters} are allowed`,
      );
    if (!printable.test(identifier.name))
      problems.push(`The task name ${shown} holds characters that cannot be printed`);
    if (parseTaskVersion(identifier.version) === undefined)
      problems.push(
        `The version ${JSON.stringify(identifier.version)} of task ${shown} is not vMAJOR.MINOR in ASCII digits, as in v1.0`,
      );
    const key = JSON.stringify([identifier.name, identifier.version]);
    if (seen.has(key))
      problems.push(`The task ${shown} is registered twice with version ${identifier.version}`);
    seen.add(key);
  }
  return problems;
}
