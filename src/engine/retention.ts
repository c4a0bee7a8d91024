/** What a control plane removes by itself, and when. */
import type { JobState } from "./job-state.ts";

/** Undefined: for ever. Numbers are at least 1. */
export interface Retention {
  /** How long jobs stay after they were completed, failed or canceled. */
  readonly jobsMs: number | undefined;
  /** How many completed and canceled jobs stay, the newest. Failed ones wait for RetryJob as long as their age lets them. */
  readonly jobs: number | undefined;
  /** How long artifacts that no release names stay after they were used last. */
  readonly artifactsMs: number | undefined;
}

/** By age, all jobs nothing happens to any more; failed ones last, as somebody may still want to know why. */
export const endedStates = ["completed", "canceled", "failed"] as const satisfies readonly JobState[];
/** By count, those that are done with: to whom a failed job belongs, it is not. */
export const countedStates = ["completed", "canceled"] as const satisfies readonly JobState[];

export interface EndedJob {
  readonly state: JobState;
  readonly running: number;
  readonly submittedAtMs: number;
  /** When its last task stopped; undefined when none ran. */
  readonly lastStoppedAtMs: number | undefined;
  /** Undefined when it was not, or by a version that did not note it. */
  readonly canceledAtMs: number | undefined;
}

/** Undefined while something can still happen to it without RetryJob: a canceled job's tasks may run to their end. */
export function endedAtMs(job: EndedJob): number | undefined {
  const states: readonly JobState[] = endedStates;
  if (!states.includes(job.state) || job.running > 0) return undefined;
  const canceledAtMs = job.state === "canceled" ? (job.canceledAtMs ?? 0) : 0;
  return Math.max(job.submittedAtMs, job.lastStoppedAtMs ?? 0, canceledAtMs);
}
