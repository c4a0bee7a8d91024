/** How claimed tasks, leases and idle answers look on the wire: the fields that the public service fills. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { TaskLeaseSchema } from "../../api/gen/workflows/v1/core_pb.ts";
import { TaskState as WireTaskState } from "../../api/gen/workflows/v1/core_pb.ts";
import type { NextTaskResponseSchema } from "../../api/gen/workflows/v1/task_pb.ts";
import { idToBytes } from "../../engine/id.ts";
import type { Lease } from "../../engine/lease.ts";
import type { ClaimedTask } from "../../store/job-port.ts";
import { durationOf } from "./duration.ts";

export type NextTaskAnswer = MessageInitShape<typeof NextTaskResponseSchema>;

/** The SDKs need id, identifier, job.id, job.trace_parent and lease; a state they do not know ends them. */
export function nextTaskAnswer(task: ClaimedTask): NextTaskAnswer {
  const { job, lease } = task;
  return {
    nextTask: {
      id: { uuid: idToBytes(task.id) },
      identifier: { name: task.identifier.name, version: task.identifier.version },
      state: WireTaskState.RUNNING,
      input: task.input,
      display: task.display,
      job: {
        id: { uuid: idToBytes(job.id) },
        name: job.name,
        traceParent: job.traceParent,
        submittedAt: timestampFromMs(job.submittedAtMs),
      },
      lease: leaseAnswer(lease),
      retryCount: BigInt(task.retryCount),
    },
  };
}

/** There must be one in every answer without a task: a runner that gets neither asks again hundreds of times a second. */
export function idlingAnswer(sleepMs: number): NextTaskAnswer {
  return { idling: { suggestedIdlingDuration: durationOf(sleepMs) } };
}

export function leaseAnswer({ leaseMs, waitMs }: Lease): MessageInitShape<typeof TaskLeaseSchema> {
  return { lease: durationOf(leaseMs), recommendedWaitUntilNextExtension: durationOf(waitMs) };
}
