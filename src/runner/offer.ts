/** Which task identifiers a runner may ask for: those that one release alone can run. */
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import { chooseIdentifier, type VersionedIdentifier, withVersion } from "../engine/task-version.ts";

export interface Candidate<Owner> {
  readonly owner: Owner;
  /** For messages. */
  readonly workflow: string;
  readonly tasks: readonly TaskIdentifier[];
}

/** Tasks of several workflows that could stand in for one another. */
export interface Ambiguity {
  readonly name: string;
  readonly major: number;
  /** Slugs, sorted. */
  readonly workflows: readonly string[];
}

/** One identifier and the release that runs it. */
export interface Offered<Owner> extends VersionedIdentifier {
  readonly owner: Owner;
}

export interface Offers<Owner> {
  readonly offered: readonly Offered<Owner>[];
  readonly ambiguous: readonly Ambiguity[];
}

/**
 * A submitted task names an identifier, not a workflow, and any minor version from the submitted one on
 * may run it. So two workflows that share a task's name and major version could each run the other's
 * tasks, and which of them does would depend on who asks first: none of those is offered.
 */
export function offersOf<Owner>(candidates: readonly Candidate<Owner>[]): Offers<Owner> {
  const owners = new Map<string, Offered<Owner>[]>();
  const workflows = new Map<string, Set<string>>();
  for (const { owner, workflow, tasks } of candidates) {
    for (const task of tasks) {
      const identifier = withVersion(task);
      if (identifier === undefined) continue;
      const key = JSON.stringify([identifier.name, identifier.major]);
      owners.set(key, [...(owners.get(key) ?? []), { ...identifier, owner }]);
      workflows.set(key, (workflows.get(key) ?? new Set()).add(workflow));
    }
  }
  const offered: Offered<Owner>[] = [];
  const ambiguous: Ambiguity[] = [];
  for (const [key, identifiers] of owners) {
    const sharing = [...(workflows.get(key) ?? [])].sort();
    const [first] = identifiers;
    if (sharing.length === 1 || first === undefined) offered.push(...identifiers);
    else ambiguous.push({ name: first.name, major: first.major, workflows: sharing });
  }
  return { offered, ambiguous };
}

/**
 * The offered identifier under which a claimed task is run. Our control plane names it exactly; another one
 * may name the submitted version instead, which a worker would not find.
 */
export function matchOffer<Owner>(
  offered: readonly Offered<Owner>[],
  claimed: TaskIdentifier,
): Offered<Owner> | undefined {
  const exact = offered.find(({ name, version }) => name === claimed.name && version === claimed.version);
  if (exact !== undefined) return exact;
  const identifier = withVersion(claimed);
  const chosen = identifier === undefined ? undefined : chooseIdentifier(offered, identifier);
  return offered.find((candidate) => candidate === chosen);
}
