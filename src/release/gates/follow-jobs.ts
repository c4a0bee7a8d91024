/** Watches the jobs of a gate until all have completed or one has not. */
import pLimit from "p-limit";
import { JobState } from "../../api/gen/workflows/v1/core_pb.ts";
import { viewJob } from "../../jobs/job-view.ts";
import { hasEnded } from "../../jobs/wait.ts";
import { GateFailed } from "./gate-failed.ts";
import type { SubmittedJob } from "./gate-jobs.ts";
import type { GateRun } from "./gate-run.ts";
import { jobFailure } from "./job-failure.ts";
import { createWhy } from "./job-obstacle.ts";
import type { Look } from "./wait.ts";

export type Follow = () => Promise<Look<undefined>>;

const callsAtOnce = 4;

/**
 * @returns a look, for waitUntil. It throws GateFailed task-failed or job-canceled for the first job that has
 *   ended without completing, and task-not-offered for one that cannot go on.
 */
export function createFollow(run: GateRun, jobs: readonly SubmittedJob[]): Follow {
  const limit = pLimit(callsAtOnce);
  const whyOf = createWhy(run);
  return async () => {
    const open = jobs.filter(({ seen }) => !hasEnded(seen.state));
    await limit.map(open, async (job) => {
      job.seen = await run.api.jobs.getJob({ jobId: job.id }, { signal: run.signal });
    });
    for (const job of open) await requireNotFailed(run, job);
    const left = jobs.filter(({ seen }) => !hasEnded(seen.state));
    const [first] = left;
    if (first === undefined) return { kind: "done", value: undefined };
    const ended = jobs.length > 1 ? `${jobs.length - left.length} of ${jobs.length} jobs completed; ` : "";
    // What runs gets on; what no job of them does is worth asking about.
    const running = left.find(({ seen }) => seen.state === JobState.RUNNING);
    if (running !== undefined)
      return { kind: "waiting", for: ended + progressText(running), reason: "job-not-ended" };
    const why = await whyOf(first);
    return { kind: "waiting", ...why, for: `${ended}job ${first.idText}: ${why.for}` };
  };
}

async function requireNotFailed(run: GateRun, job: SubmittedJob): Promise<void> {
  switch (job.seen.state) {
    case JobState.FAILED:
      throw await jobFailure(run, job);
    case JobState.CANCELED:
      throw new GateFailed("job-canceled", `somebody canceled job ${job.idText}`, {
        next: "Run again when nobody cancels the job.",
      });
    default:
  }
}

function progressText({ seen, idText }: SubmittedJob): string {
  const { tasks, totalTasks } = viewJob(seen);
  const { computed = 0, running = 0 } = tasks;
  return `job ${idText}: ${computed} of ${totalTasks} tasks done, ${running} running`;
}
