import { duration } from "../../duration-text.ts";
import { chooseIdentifier, withVersion } from "../../engine/task-version.ts";
import { messageOf } from "../../errors.ts";
import { viewJob } from "../../jobs/job-view.ts";
import { submitJob } from "../../jobs/submit.ts";
import { nearestName } from "../../project/nearest-name.ts";
import { readSmokeTask, type SmokeTask } from "../../rehearsal/smoke-task.ts";
import { createFollow } from "./follow-jobs.ts";
import { GateFailed } from "./gate-failed.ts";
import type { SubmittedJob } from "./gate-jobs.ts";
import type { GateRun } from "./gate-run.ts";
import { awaitLoaded } from "./loaded.ts";
import { waitUntil } from "./wait.ts";

/** @returns what a person reads of it; throws GateFailed */
export async function passSmoke(run: GateRun, task: SmokeTask): Promise<string> {
  const { title, untilMs, handover } = run;
  const claimed = handover.claimed;
  handover.claimed = undefined;
  if (claimed === undefined) await awaitLoaded(run);
  else run.jobs.adopt(claimed);
  const job = claimed ?? (await submitSmoke(run, task));
  await waitUntil({ title, untilMs, look: createFollow(run, [job]) }, run);
  const { totalTasks, elapsedMs = 0 } = viewJob(job.seen);
  return `job ${job.idText} completed: ${totalTasks} ${totalTasks === 1 ? "task" : "tasks"} in ${duration(elapsedMs)}`;
}

/** @throws GateFailed task-not-offered when the release has no task that could run it */
export async function submitSmoke(run: GateRun, smokeTask: SmokeTask): Promise<SubmittedJob> {
  const { api, cluster, world, signal } = run;
  const task = await readSmokeTask(smokeTask).catch((cause: unknown) => {
    const message = messageOf(cause);
    throw new GateFailed("smoke-task-missing", message, { cause });
  });
  requireOffered(run, task);
  return await run.jobs.submit(`${task.name}@${task.version}`, run, (name) =>
    submitJob(api, { name, task, input: task.input, cluster, maxRetries: 0 }, world.random, signal),
  );
}

function requireOffered({ content }: GateRun, task: SmokeTask["task"]): void {
  const wanted = withVersion(task);
  if (wanted !== undefined && chooseIdentifier(content.tasks, wanted) !== undefined) return;
  const known = content.tasks.map(({ name, version }) => `${name}@${version}`);
  const text = `${task.name}@${task.version}`;
  const nearest = nearestName(text, known);
  throw new GateFailed("task-not-offered", `the release has no task ${text}`, {
    problems: [
      { message: `It has ${known.join(", ")}`, ...(nearest === undefined ? {} : { hint: `${nearest}?` }) },
    ],
    next: "Name one of the release's tasks as smoke-task.",
  });
}
