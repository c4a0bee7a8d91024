import type { ServiceImpl } from "@connectrpc/connect";
import { TaskState as WireTaskState } from "../../api/gen/workflows/v1/core_pb.ts";
import type * as wire from "../../api/gen/workflows/v1/task_pb.ts";
import { idFromBytes } from "../../engine/id.ts";
import type { JobStore } from "../../store/job-port.ts";
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
}

type Impl = ServiceImpl<typeof wire.TaskService>;

/** A runner that reported something and finds nothing asks again at once, whatever it is told. [sdk] */
const sleepAfterReportMs = 20;
/** For what cannot match any task: there is no hurry. */
const sleepOfHopelessMs = 5_000;

/** TaskService of the public contract, whole. Rules are in engine/. */
export function createTasksService(deps: TasksDeps): Impl {
  const { jobs, leases } = deps;
  return {
    nextTask: (request, context) => nextTask(deps, request, peerOf(context), context.signal),

    async taskFailed(request) {
      const report = readFailure(request);
      const state = report === undefined ? undefined : await jobs.failTask(report);
      // Nothing is known of the task. A refusal would end an official runner, which ignores this answer.
      if (state === undefined) return { state: WireTaskState.UNSPECIFIED };
      return { state: wireTaskState(state) };
    },

    async extendTaskLease({ taskId, requestedLease }) {
      const id = idFromBytes<"task">(taskId?.uuid ?? new Uint8Array());
      const lease =
        id === undefined
          ? undefined
          : await jobs.extendLease(id, requestedLease === undefined ? 0 : durationMs(requestedLease));
      if (lease === undefined) return {};
      leases.leaseGranted();
      return leaseAnswer(lease);
    },
  };
}

async function nextTask(
  { jobs, waiting, leases, seen }: TasksDeps,
  request: wire.NextTaskRequest,
  peer: Peer | undefined,
  signal: AbortSignal,
): Promise<NextTaskAnswer> {
  const { computedTask, nextTaskToRun } = request;
  const computed = computedTask === undefined ? undefined : readComputedTask(computedTask);
  const offer = nextTaskToRun === undefined ? undefined : readOffer(nextTaskToRun);
  if (offer !== undefined) seen.note(offer, peer);
  if (computed === undefined && offer !== undefined && computedTask === undefined) {
    const turn = await waiting.ask(offer, peer, signal);
    if ("sleepMs" in turn) return idlingAnswer(turn.sleepMs);
    leases.leaseGranted();
    return nextTaskAnswer(turn.task);
  }
  if (offer !== undefined) waiting.reported(offer, peer);
  const { task } = await jobs.nextTask({ computed, offer });
  if (task !== undefined) {
    leases.leaseGranted();
    return nextTaskAnswer(task);
  }
  if (nextTaskToRun === undefined) return {};
  return idlingAnswer(offer === undefined ? sleepOfHopelessMs : sleepAfterReportMs);
}
