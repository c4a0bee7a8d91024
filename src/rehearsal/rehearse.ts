/**
 * Runs one real job from the exact artifact of a build, before anything is published: on a control plane in
 * this process, with a runner of its own. Needs no key, and no network but what installing the release's
 * dependencies needs.
 */
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { ID } from "../api/gen/tilebox/v1/id_pb.ts";
import { JobState } from "../api/gen/workflows/v1/core_pb.ts";
import type { Build } from "../build/build.ts";
import type { ClaimObstacle } from "../engine/claim-obstacle.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import { chooseIdentifier, withVersion } from "../engine/task-version.ts";
import { UserError } from "../errors.ts";
import { obstacleText } from "../jobs/obstacle-text.ts";
import { submitJob } from "../jobs/submit.ts";
import { readTracebacks } from "../jobs/tracebacks.ts";
import { readTaskTree, type TaskTree } from "../jobs/tree.ts";
import { hasEnded, waitForJob } from "../jobs/wait.ts";
import type { Log } from "../log.ts";
import { nearestName } from "../project/nearest-name.ts";
import { createWatchdog } from "../worker/watchdog.ts";
import type { RehearsedTask } from "./smoke-task.ts";
import { openStage, type RehearsalStage } from "./stage.ts";
import { type TaskFailure, taskFailures } from "./task-failures.ts";

export interface RehearsalOptions {
  readonly build: Build;
  readonly task: RehearsedTask;
  readonly limits: RehearsalLimits;
  /** Ours; workers get what of it is no secret. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** Aborting rejects with the signal's reason, with nothing left. */
  readonly signal: AbortSignal;
}

export interface RehearsalLimits {
  /** The whole of it, from unpacking to the job's end. */
  readonly totalMs: number;
  /** Tasks at once. */
  readonly concurrency: number;
}

/** A check of a pull request is waited for by a person. */
export const rehearsalLimits: RehearsalLimits = { totalMs: 10 * 60_000, concurrency: 2 };

export interface RehearsalResult {
  /** stalled: it waits for something that this rehearsal does not have, as `waiting` says. */
  readonly outcome: "completed" | "failed" | "canceled" | "stalled" | "timed-out";
  /** The task as the build has it, which is compatible with the one that was asked for. */
  readonly task: TaskIdentifier;
  readonly tookMs: number;
  readonly tree: TaskTree;
  /** One for each task that failed, optional ones too. */
  readonly failures: readonly TaskFailure[];
  /** Tasks that were still queued, and why; empty for a job that has ended. */
  readonly waiting: readonly WaitingTask[];
}

export interface WaitingTask extends TaskIdentifier {
  readonly display: string;
  readonly reasons: readonly string[];
}

/** A summary of more tasks is read by nobody. */
const shownTasks = 200;

/**
 * A job that fails or does not end in time is a result. Rejects when it could not be run at all: with
 * input-invalid for a task that the build does not have, or with what kept the release from being loaded.
 * Whatever happens, nothing is left running, and the temporary folder is being removed.
 */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalResult> {
  const { build, limits, signal } = options;
  const task = requireTask(build, options.task);
  signal.throwIfAborted();
  const startedMs = performance.now();
  const watchdog = createWatchdog();
  const folder = await watchdog.makeFolder(tmpdir());
  try {
    await using stage = await openStage({ ...options, concurrency: limits.concurrency, folder, watchdog });
    const { jobId, state, stalled } = await runJob(options, stage);
    const waiting = hasEnded(state) ? [] : await waitingTasks(stage, jobId);
    // Workers tell their last spans, in which the tracebacks stand, as they end.
    if (hasEnded(state)) stage.runner.drain("the job has ended");
    else stage.runner.quit();
    await stage.runner.ended;
    signal.throwIfAborted();
    const tree = await readTaskTree(stage.api, jobId, shownTasks, signal);
    const tracebacks = await readTracebacks(stage.api, jobId, signal);
    return {
      outcome: outcomes.get(state) ?? (stalled ? "stalled" : "timed-out"),
      task,
      tookMs: Math.round(performance.now() - startedMs),
      tree,
      failures: taskFailures(tree, tracebacks, {
        folder: await stage.filesFolder(),
        manifest: build.manifest,
      }),
      waiting,
    };
  } finally {
    watchdog.removeFolder(folder);
  }
}

const outcomes: ReadonlyMap<JobState, RehearsalResult["outcome"]> = new Map([
  [JobState.COMPLETED, "completed"],
  [JobState.FAILED, "failed"],
  [JobState.CANCELED, "canceled"],
]);

interface JobEnd {
  readonly jobId: ID;
  /** Another one than those that outcomes are for when it did not end. */
  readonly state: JobState;
  readonly stalled: boolean;
}

/** Submits the job and waits until it has ended, cannot go on, or the time is over. */
async function runJob(
  { task, limits, signal, log }: RehearsalOptions,
  stage: RehearsalStage,
): Promise<JobEnd> {
  const { api, runner, broken } = stage;
  const job = { name: `rehearsal of ${task.name}`, task, input: task.input, cluster: "", maxRetries: 0 };
  const { id: jobId } = await submitJob(api, job, (sizeBytes) => randomBytes(sizeBytes), signal);
  if (jobId === undefined) throw new TypeError("a job without an id");
  const limit = AbortSignal.timeout(limits.totalMs);
  const over = new AbortController();
  const waited = AbortSignal.any([signal, limit, over.signal]);
  try {
    const ended = waitForJob(api, jobId, waited);
    // A runner that ends by itself was refused, which its own control plane does not do.
    const first = await Promise.race([
      ended,
      broken,
      runner.ended.then(() => ended),
      stalls(stage, jobId, waited),
    ]);
    if (first === "stalled") log.warning("The job waits for what nobody here can run");
    return first === "stalled"
      ? { jobId, state: JobState.UNSPECIFIED, stalled: true }
      : { jobId, state: first.state, stalled: false };
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    log.warning(`The rehearsal did not end within ${limits.totalMs / 1_000} s`);
    return { jobId, state: JobState.UNSPECIFIED, stalled: false };
  } finally {
    over.abort();
  }
}

const lookEveryMs = 1_000;

/** Fulfilled when nothing runs and every queued task waits for what will not come; never when the job ends. */
async function stalls(stage: RehearsalStage, jobId: ID, signal: AbortSignal): Promise<"stalled"> {
  await stage.loaded;
  for (let looks = 0; looks < 2; ) {
    await delay(lookEveryMs, undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
    const { state, tasks } = await stage.explain(jobId);
    const stuck =
      state !== "running" && tasks.length > 0 && tasks.every(({ obstacles }) => obstacles.some(isFinal));
    // Seen twice, because a task may have ended between the two halves of a look.
    looks = stuck ? looks + 1 : 0;
  }
  return "stalled";
}

/** What no passing of time in a rehearsal mends: there is one runner, on one cluster, with one release. */
function isFinal({ kind }: ClaimObstacle): boolean {
  return kind !== "not-queued" && kind !== "not-loaded";
}

async function waitingTasks(stage: RehearsalStage, jobId: ID): Promise<WaitingTask[]> {
  const { tasks } = await stage.explain(jobId);
  return tasks.map(({ display, identifier, obstacles }) => ({
    ...identifier,
    display,
    reasons: obstacles.map(obstacleText),
  }));
}

/** The task by which the build would run the one that is asked for, found before anything is started. */
function requireTask(build: Build, wanted: TaskIdentifier): TaskIdentifier {
  const identifier = withVersion(wanted);
  const offered = build.tasks.flatMap((task) => withVersion(task) ?? []);
  const chosen = identifier === undefined ? undefined : chooseIdentifier(offered, identifier);
  if (chosen !== undefined) return { name: chosen.name, version: chosen.version };
  const known = build.tasks.map(({ name, version }) => `${name}@${version}`);
  const nearest = nearestName(`${wanted.name}@${wanted.version}`, known);
  throw new UserError("input-invalid", `The build has no task ${wanted.name}@${wanted.version}`, {
    problems: [
      { message: `It has ${known.join(", ")}`, ...(nearest === undefined ? {} : { hint: `${nearest}?` }) },
    ],
    next: "Name one of the build's tasks as NAME@VERSION.",
  });
}
