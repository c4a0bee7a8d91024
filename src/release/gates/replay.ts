import { duration } from "../../duration-text.ts";
import { viewJob } from "../../jobs/job-view.ts";
import { createFollow } from "./follow-jobs.ts";
import type { Gate } from "./gate.ts";
import { GateFailed } from "./gate-failed.ts";
import type { SubmittedJob } from "./gate-jobs.ts";
import type { GateRun } from "./gate-run.ts";
import { awaitLoaded } from "./loaded.ts";
import { findProductionJobs, type ProductionJob } from "./production-jobs.ts";
import { waitUntil } from "./wait.ts";

/**
 * Clones production jobs onto the dev cluster. Where production has none of this release's tasks yet there
 * is nothing to replay, and a first release must be able to get there.
 *
 * @returns what a person reads of it; throws GateFailed
 */
export async function passReplay(
  run: GateRun,
  { jobs: count, of }: Extract<Gate, { kind: "replay" }>,
): Promise<string> {
  const { title, untilMs, log } = run;
  const clusters = of.length > 0 ? of : run.productionClusters;
  await awaitLoaded(run);
  const look = async () => ({ kind: "done" as const, value: await findProductionJobs(run, clusters, count) });
  const found = await waitUntil({ title, untilMs, look }, run);
  const where = clusters.join(", ");
  if (found.jobs.length === 0) {
    log.warning(`${title}: ${where} has no completed job that this release can run, so nothing was replayed`);
    return `nothing to replay: none of ${found.looked} completed jobs of ${where} is one of this release's`;
  }
  const jobs: SubmittedJob[] = [];
  for (const original of found.jobs) jobs.push(await clone(run, original));
  await waitUntil({ title, untilMs, look: createFollow(run, jobs) }, run);
  for (const job of jobs) log.info(`  ${title}: ${comparison(job)}`);
  const fewer = jobs.length < count ? `, all that there are of the ${count} asked for` : "";
  return `${jobs.length} ${jobs.length === 1 ? "job" : "jobs"} of ${where} completed again${fewer}`;
}

async function clone(run: GateRun, { job, roots }: ProductionJob): Promise<SubmittedJob> {
  const { api, cluster, signal } = run;
  const { id, totalTasks, elapsedMs } = viewJob(job);
  if (job.id === undefined) throw new GateFailed("control-plane-failed", "a job without an id");
  const jobId = job.id;
  return await run.jobs.submit(
    id,
    run,
    (jobName) =>
      api.jobs.cloneJob(
        { jobId, jobName, rootTasksOverrides: roots.map((root) => ({ ...root, clusterSlug: cluster })) },
        { signal },
      ),
    { id, tasks: totalTasks, elapsedMs },
  );
}

/** Times of two clusters differ for many reasons; they are told and decide nothing. */
function comparison({ seen, original, idText }: SubmittedJob): string {
  const { totalTasks, elapsedMs } = viewJob(seen);
  const took = (ms: number | undefined) => (ms === undefined ? "unknown time" : duration(ms));
  const tasks =
    totalTasks === original?.tasks
      ? `${totalTasks} tasks`
      : `${totalTasks} tasks instead of ${original?.tasks}`;
  return `job ${idText}, clone of ${original?.id}: ${tasks}, ${took(elapsedMs)} instead of ${took(original?.elapsedMs)}`;
}
