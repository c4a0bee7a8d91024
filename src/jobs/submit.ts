import { create } from "@bufbuild/protobuf";
import type { ApiClient } from "../api/client.ts";
import { type Job, TaskSubmissionsSchema } from "../api/gen/workflows/v1/core_pb.ts";
import type { Random } from "../engine/id.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";

/** A job of one root task, as a person or a rehearsal starts it. */
export interface NewJob {
  readonly name: string;
  readonly task: TaskIdentifier;
  /** As the SDK encodes it: see input.ts. */
  readonly input: Uint8Array<ArrayBuffer>;
  /** Slug; empty for the default cluster. */
  readonly cluster: string;
  readonly maxRetries: number;
}

/** Throws cluster-not-found, request-invalid, and what the API client throws. A lost answer is not repeated. */
export async function submitJob(
  api: Pick<ApiClient, "jobs">,
  { name, task, input, cluster, maxRetries }: NewJob,
  random: Random,
  signal: AbortSignal,
): Promise<Job> {
  const tasks = create(TaskSubmissionsSchema, {
    taskGroups: [
      {
        inputs: [input],
        identifierPointers: [0n],
        clusterSlugPointers: [0n],
        displayPointers: [0n],
        maxRetriesValues: [BigInt(maxRetries)],
      },
    ],
    clusterSlugLookup: [cluster],
    identifierLookup: [{ name: task.name, version: task.version }],
    displayLookup: [shortName(task.name)],
  });
  return await api.jobs.submitJob({ jobName: name, traceParent: newTraceParent(random), tasks }, { signal });
}

/** What the SDK shows for a task: its class, which is the last part of most identifiers. */
function shortName(name: string): string {
  return name.split(/[/.]/).at(-1) || name;
}

/** W3C trace context, version 00, sampled. */
function newTraceParent(random: Random): string {
  const hex = (sizeBytes: number) => Buffer.from(random(sizeBytes)).toString("hex");
  return `00-${hex(16)}-${hex(8)}-01`;
}
