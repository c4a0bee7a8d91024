/** Which task a runner gets. */
import type { Slug } from "./slug.ts";
import type { VersionedIdentifier } from "./task-version.ts";

/** Where a task that can be claimed stands in the order. */
export interface ClaimPlace {
  /** Ascends with the time of submission. */
  readonly jobSequence: number;
  /** Within its job: lower is earlier. See placesInFront. */
  readonly position: number;
}

/**
 * Depth first: what a task submits goes in front of everything that waits in its job, in the order it was
 * submitted. With one runner that is the recorded order (first runnable child, else next sibling, else up
 * the tree); with several it keeps unfinished branches few, at the cost of one number a task.
 *
 * @param front the lowest position the job has given out, 0 at first.
 * @returns the position of the first of `count` tasks, which is also the job's new front.
 */
export function placesInFront(front: number, count: number): number {
  return front - count;
}

/** Between jobs the oldest goes first: not public, and the one order that starves nobody. [guess] */
export function compareClaimPlaces(left: ClaimPlace, right: ClaimPlace): number {
  return left.jobSequence - right.jobSequence || left.position - right.position;
}

/** What a runner says it can run when it asks for a task. */
export interface RunnerOffer {
  /** The default cluster for an empty slug on the wire. */
  readonly cluster: Slug;
  readonly identifiers: readonly VersionedIdentifier[];
}

/** Tasks that can be claimed now and could not before. */
export interface ReadyTasks {
  readonly cluster: Slug;
  readonly identifier: VersionedIdentifier;
  readonly count: number;
}
