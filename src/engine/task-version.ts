/** Versions of tasks and when a runner's task may stand in for a submitted one. */
import type { TaskIdentifier } from "./task-identifier.ts";

export interface TaskVersion {
  readonly major: number;
  readonly minor: number;
}

/** An identifier whose version was read. `version` stays as written: it is what SDKs look tasks up by. */
export interface VersionedIdentifier extends TaskIdentifier, TaskVersion {}

const versionForm = /^v([0-9]+)\.([0-9]+)$/;

/**
 * Reads `vMAJOR.MINOR`; undefined for anything else. Numbers beyond 2^53 are refused, because two of them
 * could not be told apart; leading zeros are accepted, because the SDKs accept them.
 */
export function parseTaskVersion(text: string): TaskVersion | undefined {
  const match = versionForm.exec(text);
  if (match === null) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return Number.isSafeInteger(major) && Number.isSafeInteger(minor) ? { major, minor } : undefined;
}

/** Adds the numbers to an identifier; undefined when its version cannot be read. */
export function withVersion(identifier: TaskIdentifier): VersionedIdentifier | undefined {
  const version = parseTaskVersion(identifier.version);
  return version === undefined
    ? undefined
    : { name: identifier.name, version: identifier.version, ...version };
}

/**
 * A runner's task can run a submitted one when names and major versions are equal and its minor version
 * is at least the submitted one. [doc: Semantic Versioning of tasks]
 */
export function canRun(offered: VersionedIdentifier, submitted: VersionedIdentifier): boolean {
  return (
    offered.name === submitted.name && offered.major === submitted.major && offered.minor >= submitted.minor
  );
}

/**
 * Which of a runner's identifiers a submitted task is handed out under: the highest minor version, being
 * the newest compatible code, and the first offered of two that are equal. The runner gets its own
 * identifier, not the submitted one, because the SDKs look a task up by exactly what they receive: Python
 * 0.66 gives back what it does not find, which would loop for ever.
 */
export function chooseIdentifier(
  offered: readonly VersionedIdentifier[],
  submitted: VersionedIdentifier,
): VersionedIdentifier | undefined {
  let chosen: VersionedIdentifier | undefined;
  for (const identifier of offered) {
    if (!canRun(identifier, submitted)) continue;
    if (chosen === undefined || identifier.minor > chosen.minor) chosen = identifier;
  }
  return chosen;
}
