import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { type TaskLeaseSchema, TaskState as WireTaskState } from "../../api/gen/workflows/v1/core_pb.ts";
import type * as wire from "../../api/gen/workflows/v1/task_pb.ts";
import { idFromBytes } from "../../engine/id.ts";
import type { JobStore, Offer } from "../../store/job-port.ts";
import type { TaskFigures } from "../figures.ts";
import type { LeaseWatch } from "../lease-watch.ts";
import { type Peer, peerOf } from "../peer.ts";
import type { RunnersSeen } from "../runners-seen.ts";
import type { WaitingRunners } from "../waiting-runners.ts";
import { durationMs } from "./duration.ts";
import { wireTaskState } from "./job-answers.ts";
import { idlingAnswer, leaseAnswer, type NextTaskAnswer, nextTaskAnswer } from "./task-answers.ts";
import { readComputedTask, readFailure, readOffer } from "./task-requests.ts";

export interface TasksDeps {
  readonly jobs: JobStore;
  readonly waiting: WaitingRunners;
  readonly leases: LeaseWatch;
  readonly seen: RunnersSeen;
  readonly figures: TaskFigures;
}

/** What a call brings beside its message, however it was served. */
export interface RunnerCall {
  readonly peer: Peer | undefined;
  /** Aborted when the caller is gone or its deadline has passed. */
  readonly signal: AbortSignal;
}

/** TaskService of the public contract, whole, for any mount. */
export interface TaskCalls {
  nextTask(request: wire.NextTaskRequest, call: RunnerCall): Promise<NextTaskAnswer>;
  taskFailed(request: wire.TaskFailedRequest): Promise<MessageInitShape<typeof wire.TaskStateResponseSchema>>;
  extendTaskLease(request: wire.TaskLeaseRequest): Promise<MessageInitShape<typeof TaskLeaseSchema>>;
}

/** A runner that reported something and finds nothing asks again at once, whatever it is told. [sdk] */
const sleepAfterReportMs = 20;
/** For what cannot match any task: there is no hurry. */
const sleepOfHopelessMs = 5_000;

export function createTasksService(deps: TasksDeps): ServiceImpl<typeof wire.TaskService> {
  const calls = createTaskCalls(deps);
  return {
    nextTask: (request, context) =>
      calls.nextTask(request, { peer: peerOf(context), signal: context.signal }),
    taskFailed: calls.taskFailed,
    extendTaskLease: calls.extendTaskLease,
  };
}

/** Rules are in engine/; here their outcomes become answers that keep official runners running. */
export function createTaskCalls(deps: TasksDeps): TaskCalls {
  const { jobs, leases, figures } = deps;
  return {
    nextTask: (request, call) => nextTask(deps, request, call),

    async taskFailed(request) {
      const report = readFailure(request);
      const state = report === undefined ? undefined : await jobs.failTask(report);
      if (report !== undefined) figures.reports[report.wasWorkflowError ? "failed" : "handedBack"]++;
      // Nothing is known of the task. A refusal would end an official runner, which ignores this answer.
      if (state === undefined) return { state: WireTaskState.UNSPECIFIED };
      return { state: wireTaskState(state) };
    },

    async extendTaskLease({ taskId, requestedLease }) {
      const id = idFromBytes<"task">(taskId?.uuid ?? new Uint8Array());
      const askedMs = requestedLease === undefined ? 0 : durationMs(requestedLease);
      const lease = id === undefined ? undefined : await jobs.extendLease(id, askedMs);
      // An answer without a lease says "not granted"; an error would end the process that extends leases.
      if (lease === undefined) return {};
      leases.leaseGranted();
      return leaseAnswer(lease);
    },
  };
}

async function nextTask(
  deps: TasksDeps,
  { computedTask, nextTaskToRun }: wire.NextTaskRequest,
  { peer, signal }: RunnerCall,
): Promise<NextTaskAnswer> {
  const { waiting, leases, seen, figures } = deps;
  const offer = nextTaskToRun === undefined ? undefined : readOffer(nextTaskToRun);
  if (offer !== undefined) seen.note(offer, peer);
  if (computedTask === undefined && offer !== undefined) {
    const turn = await waiting.ask(offer, peer, signal);
    if ("sleepMs" in turn) return idlingAnswer(turn.sleepMs);
    leases.leaseGranted();
    figures.claimed++;
    return nextTaskAnswer(turn.task);
  }
  if (offer !== undefined) waiting.reported(offer, peer);
  return await reportAndClaim(deps, computedTask, nextTaskToRun && { offer });
}

/** @param wanted what the runner asks for, if anything; without an offer no task can match it */
export async function reportAndClaim(
  { jobs, leases, figures }: Pick<TasksDeps, "jobs" | "leases" | "figures">,
  computedTask: wire.ComputedTask | undefined,
  wanted: { readonly offer: Offer | undefined } | undefined,
): Promise<NextTaskAnswer> {
  const computed = computedTask === undefined ? undefined : readComputedTask(computedTask);
  const { task } = await jobs.nextTask({ computed, offer: wanted?.offer });
  if (computed !== undefined) figures.reports.computed++;
  if (task !== undefined) {
    leases.leaseGranted();
    figures.claimed++;
    return nextTaskAnswer(task);
  }
  if (wanted === undefined) return {};
  return idlingAnswer(wanted.offer === undefined ? sleepOfHopelessMs : sleepAfterReportMs);
}
