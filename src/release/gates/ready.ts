import { type Job, JobState } from "../../api/gen/workflows/v1/core_pb.ts";
import type { SmokeTask } from "../../rehearsal/smoke-task.ts";
import { createFollow, type Follow } from "./follow-jobs.ts";
import { GateFailed } from "./gate-failed.ts";
import type { GateRun } from "./gate-run.ts";
import { awaitLoaded } from "./loaded.ts";
import { submitSmoke } from "./smoke.ts";
import { type Look, waitUntil } from "./wait.ts";

/** @returns what a person reads of it; throws GateFailed */
export async function passReady(run: GateRun, task: SmokeTask | undefined): Promise<string> {
  const loaded = await awaitLoaded(run);
  if (loaded === undefined) return await passByClaim(run, task);
  for (const refusal of loaded.refused) run.log.warning(`${refusal}: it cannot load the release`);
  return `loaded by ${loaded.ready.join(", ")}`;
}

/** Where runners are not listed, a task that is claimed proves that there is one for the release's tasks. */
async function passByClaim(run: GateRun, task: SmokeTask | undefined): Promise<string> {
  if (task === undefined) {
    throw new GateFailed(
      "smoke-task-missing",
      "this control plane does not list its runners, so only a claimed task proves that there is one",
      { next: "Give smoke-task, or leave `ready` out of `gate`." },
    );
  }
  const job = await submitSmoke(run, task);
  const follow: Follow = createFollow(run, [job]);
  const look = async (): Promise<Look<Job>> => {
    const seen = await follow();
    return isClaimed(job.seen)
      ? { kind: "done", value: job.seen }
      : seen.kind === "done"
        ? { ...seen, value: job.seen }
        : seen;
  };
  await waitUntil({ title: run.title, untilMs: run.untilMs, look }, run);
  if (run.handover.toSmoke) {
    run.jobs.letGo(job);
    run.handover.claimed = job;
  }
  return `a task of job ${job.idText} was claimed; this control plane does not tell by which release`;
}

function isClaimed({ state }: Job): boolean {
  return state === JobState.RUNNING || state === JobState.STARTED || state === JobState.COMPLETED;
}
