/** Which jobs are a release's. The public contract names neither a job's workflow nor a task's identifier below the roots. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ID } from "../../api/gen/tilebox/v1/id_pb.ts";
import { SortDirection } from "../../api/gen/tilebox/v1/query_pb.ts";
import type { Job, SingleTaskSubmission } from "../../api/gen/workflows/v1/core_pb.ts";
import type { QueryFiltersSchema } from "../../api/gen/workflows/v1/job_pb.ts";
import { chooseIdentifier, withVersion } from "../../engine/task-version.ts";
import type { GateRun } from "./gate-run.ts";

const pageSize = 50n;

/** Newest first, at most `maxJobs`; pages are read as they are needed. */
export async function* newestJobs(
  { api, signal }: Pick<GateRun, "api" | "signal">,
  filters: MessageInitShape<typeof QueryFiltersSchema>,
  maxJobs: number,
): AsyncGenerator<Job> {
  let startingAfter: ID | undefined;
  for (let left = maxJobs; left > 0; ) {
    const { jobs, nextPage } = await api.jobs.queryJobs(
      {
        filters,
        sortDirection: SortDirection.DESCENDING,
        page: { limit: pageSize, ...(startingAfter === undefined ? {} : { startingAfter }) },
      },
      { signal },
    );
    for (const job of jobs.slice(0, left)) yield job;
    left -= jobs.length;
    startingAfter = nextPage?.startingAfter;
    if (startingAfter === undefined) return;
  }
}

/**
 * The root tasks of a job as they were submitted, when each was submitted to one of the clusters and can be
 * run by a task of the release: the same name and major version, a minor version that is no older. Undefined
 * for any other job.
 */
export async function readReleaseRoots(
  { api, content, signal }: Pick<GateRun, "api" | "content" | "signal">,
  { id: jobId }: Job,
  clusters: readonly string[],
): Promise<readonly SingleTaskSubmission[] | undefined> {
  if (jobId === undefined) return undefined;
  const { rootTasks } = await api.jobs.getJobPrototype({ jobId }, { signal });
  // Empty is the default cluster: the query for jobs of these clusters has found the job there.
  const isThere = (slug: string) => slug === "" || clusters.includes(slug);
  const isOurs = rootTasks.every(({ identifier, clusterSlug }) => {
    const wanted = identifier === undefined ? undefined : withVersion(identifier);
    return (
      isThere(clusterSlug) && wanted !== undefined && chooseIdentifier(content.tasks, wanted) !== undefined
    );
  });
  return isOurs && rootTasks.length > 0 ? rootTasks : undefined;
}
