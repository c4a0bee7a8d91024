/**
 * Removing what nobody needs any more, in steps that are short enough for everybody else. What is removed, and
 * when a step comes, is the caller's; that each leaves the rest whole, whenever it is broken off, is the store's.
 */
import type { ArtifactId } from "../engine/id.ts";
import type { JobId } from "../engine/job.ts";
import type { countedStates, endedStates } from "../engine/retention.ts";
import type { Artifact } from "./artifact-port.ts";

export interface RetentionStore {
  /**
   * Runs the work unless another control plane of this database is at it.
   * @returns whether it ran.
   */
  runAlone(work: () => Promise<void>): Promise<boolean>;
  /** The oldest of the newest so many completed or canceled jobs, read bit by bit; undefined when there are fewer. */
  findOldestKept(count: number): Promise<JobId | undefined>;
  /**
   * Removes some of the jobs in one state, oldest first: from then on they are unknown. Not the newest job of
   * all, nor one whose tasks still run, nor one that another control plane works on just now.
   */
  removeJobs(step: JobRemoval): Promise<RemovedJobs>;
  /**
   * Removes a bounded number of rows that removed jobs left: tasks and telemetry.
   * @returns whether there may be more.
   */
  removeRemains(): Promise<boolean>;
  /**
   * Removes some of the telemetry that is beyond its limits.
   * @returns whether there may be more.
   */
  removeTelemetry(): Promise<boolean>;
  /**
   * Looks at some artifacts, oldest first, and begins the removal of those that no release names and nobody has
   * used since: from then on they are unknown. One whose use was never noted counts as used now.
   */
  beginArtifactRemoval(step: ArtifactRemoval): Promise<ArtifactId | undefined>;
  /** Artifacts whose removal has begun, also by somebody who did not come to its end. At most `limit`. */
  listArtifactsInRemoval(limit: number): Promise<readonly Artifact[]>;
  /** Ends the removal, when the bytes are gone. Does nothing to an artifact whose removal has not begun. */
  endArtifactRemoval(artifact: ArtifactId): Promise<void>;
}

export type JobRemoval = {
  /** Undefined for the first step. */
  readonly startingAfter: JobId | undefined;
} & (
  | { readonly state: (typeof endedStates)[number]; readonly endedBeforeMs: number }
  | { readonly state: (typeof countedStates)[number]; readonly olderThan: JobId }
);

export interface RemovedJobs {
  readonly removed: number;
  /** Where the next step begins; undefined when this was the last one. */
  readonly next: JobId | undefined;
}

export interface ArtifactRemoval {
  readonly unusedSinceMs: number;
  /** Undefined for the first step. */
  readonly startingAfter: ArtifactId | undefined;
}
