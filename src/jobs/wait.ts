import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "../api/client.ts";
import type { ID } from "../api/gen/tilebox/v1/id_pb.ts";
import { type Job, JobState } from "../api/gen/workflows/v1/core_pb.ts";

const firstLookMs = 50;
const slowestLookMs = 1_000;

/**
 * Looks at a job until it has ended, more and more slowly.
 *
 * @param onLook is given each look.
 * @throws what the API client throws; the signal's reason when it is aborted
 */
export async function waitForJob(
  api: Pick<ApiClient, "jobs">,
  jobId: ID,
  signal: AbortSignal,
  onLook: (job: Job) => void = () => {},
): Promise<Job> {
  for (let lookMs = firstLookMs; ; lookMs = Math.min(lookMs * 1.5, slowestLookMs)) {
    const job = await api.jobs.getJob({ jobId }, { signal });
    onLook(job);
    if (hasEnded(job.state)) return job;
    await delay(lookMs, undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
}

export function hasEnded(state: JobState): boolean {
  return state === JobState.COMPLETED || state === JobState.FAILED || state === JobState.CANCELED;
}
