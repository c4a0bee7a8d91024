import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Job, TaskState } from "../../api/gen/workflows/v1/core_pb.ts";
import { viewJob } from "../../jobs/job-view.ts";
import { eachTask, readTaskTree } from "../../jobs/tree.ts";
import { GateFailed } from "./gate-failed.ts";
import { isGateJob } from "./gate-jobs.ts";
import type { GateRun } from "./gate-run.ts";
import { jobFailure } from "./job-failure.ts";
import { newestJobs, readReleaseRoots } from "./release-jobs.ts";
import { type Look, waitUntil } from "./wait.ts";

const lookEveryMs = 10_000;
/** For a control plane that does not answer just when the time is over. */
const graceMs = 60_000;
/** Jobs with a failed task on the cluster, the newest; and tasks of one. */
const maxFailedJobs = 500;
const maxTasks = 10_000;
/** Counting is for the message alone. */
const maxCountedJobs = 200;

/** @returns what a person reads of it; throws GateFailed, time-too-short at once */
export async function passSoak(run: GateRun, minutes: number): Promise<string> {
  const { title, world, log, limits, deployedAtMs, cluster } = run;
  const endMs = deployedAtMs + minutes * 60_000;
  if (endMs > limits.endsAtMs) {
    throw new GateFailed(
      "time-too-short",
      `the run ends before ${minutes} minutes have passed since the deployment`,
      {
        next: "Raise timeout-minutes, or soak for a shorter time.",
      },
    );
  }
  const cleared = new Map<string, number>();
  const look = async (): Promise<Look<undefined>> => {
    const nowMs = world.clock();
    await requireNoFailure(run, cleared);
    if (nowMs >= endMs) return { kind: "done", value: undefined };
    const leftMs = endMs - nowMs;
    return {
      kind: "waiting",
      for: `${minutes} minutes without a failed task`,
      reason: "task-failed",
      leftMs,
    };
  };
  await waitUntil(
    { title, untilMs: Math.min(endMs + graceMs, limits.endsAtMs), longestPauseMs: lookEveryMs, look },
    run,
  );
  const ended = await countEnded(run);
  if (ended === 0) log.warning(`${title}: no job of this release had a task on ${cluster} meanwhile`);
  return `no task failed in ${minutes} minutes; ${ended} ${ended === 1 ? "job" : "jobs"} had tasks that ended`;
}

/**
 * @param cleared jobs that are known to have no failure since the deployment, with when their last task had ended
 * @throws GateFailed task-failed for a task of one of the release's jobs that failed since the deployment
 */
async function requireNoFailure(run: GateRun, cleared: Map<string, number>): Promise<void> {
  const { api, cluster, deployedAtMs, signal } = run;
  const filters = { taskStates: [TaskState.FAILED], clusterSlugs: [cluster] };
  for await (const job of newestJobs(run, filters, maxFailedJobs)) {
    const stoppedAtMs = lastStopMs(job);
    const idText = viewJob(job).id;
    if (job.id === undefined || stoppedAtMs < deployedAtMs || cleared.get(idText) === stoppedAtMs) continue;
    if ((await readReleaseRoots(run, job, [cluster])) !== undefined) {
      const { roots } = await readTaskTree(api, job.id, maxTasks, signal);
      const failed = [...eachTask(roots)].filter(
        ({ task }) =>
          task.state === "failed" && task.cluster === cluster && (task.stoppedAtMs ?? 0) >= deployedAtMs,
      );
      if (failed.length > 0) throw await jobFailure(run, { id: job.id, idText });
    }
    cleared.set(idText, stoppedAtMs);
  }
}

async function countEnded(run: GateRun): Promise<number> {
  const { cluster, deployedAtMs } = run;
  let ended = 0;
  for await (const job of newestJobs(run, { clusterSlugs: [cluster] }, maxCountedJobs)) {
    if (lastStopMs(job) < deployedAtMs || isGateJob(job.name)) continue;
    if ((await readReleaseRoots(run, job, [cluster])) !== undefined) ended++;
  }
  return ended;
}

function lastStopMs({ executionStats }: Job): number {
  const last = executionStats?.lastTaskStoppedAt;
  return last === undefined ? 0 : timestampMs(last);
}
