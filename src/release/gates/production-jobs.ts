/** The completed production jobs that a release can run. */
import { type Job, JobState, type SingleTaskSubmission } from "../../api/gen/workflows/v1/core_pb.ts";
import { isGateJob } from "./gate-jobs.ts";
import type { GateRun } from "./gate-run.ts";
import { newestJobs, readReleaseRoots } from "./release-jobs.ts";

export interface ProductionJob {
  readonly job: Job;
  /** As they were submitted. */
  readonly roots: readonly SingleTaskSubmission[];
}

export interface ProductionJobs {
  /** Newest first. */
  readonly jobs: readonly ProductionJob[];
  /** How many completed jobs were looked at. */
  readonly looked: number;
}

/** A control plane that many workflows share has many jobs of others. */
const maxLooked = 1_000;
/** [contract: CloneJobRequest.root_tasks_overrides] */
const maxRoots = 64;

/**
 * Completed jobs of the release's tasks on the clusters, but for those that gates submitted.
 *
 * @throws UserError cluster-not-found, where a query would find no job
 */
export async function findProductionJobs(
  { api, signal, ...run }: GateRun,
  clusters: readonly string[],
  count: number,
): Promise<ProductionJobs> {
  for (const clusterSlug of clusters) await api.workflows.getCluster({ clusterSlug }, { signal });
  const jobs: ProductionJob[] = [];
  let looked = 0;
  const filters = { states: [JobState.COMPLETED], clusterSlugs: [...clusters] };
  for await (const job of newestJobs({ api, signal }, filters, maxLooked)) {
    looked++;
    if (isGateJob(job.name)) continue;
    const roots = await readReleaseRoots({ ...run, api, signal }, job, clusters);
    if (roots !== undefined && roots.length <= maxRoots) jobs.push({ job, roots });
    if (jobs.length === count) break;
  }
  return { jobs, looked };
}
