/**
 * Reads what runners send. Nothing here is refused: an error status ends an official runner, or makes it
 * wait for up to an hour, and leaves its task to the next runner, which fares the same.
 */
import type * as wire from "../../api/gen/workflows/v1/task_pb.ts";
import { idFromBytes } from "../../engine/id.ts";
import { parseProgress } from "../../engine/progress.ts";
import { parseSingleTasks } from "../../engine/single-tasks.ts";
import { parseSlug } from "../../engine/slug.ts";
import { parseSubmission, type Submission, submissionLimits } from "../../engine/submission.ts";
import { withVersion } from "../../engine/task-version.ts";
import type { ComputedTask, FailureReport, Offer } from "../../store/job-port.ts";

/** Undefined when no task can match: the slug is none. Identifiers that are none match nothing and are left out. */
export function readOffer({ clusterSlug, identifiers }: wire.NextTaskToRun): Offer | undefined {
  const slug = clusterSlug === "" ? undefined : parseSlug(clusterSlug);
  if (slug === undefined && clusterSlug !== "") return undefined;
  return {
    cluster: slug === undefined ? { kind: "default" } : { kind: "slug", slug },
    identifiers: identifiers.map(withVersion).filter((identifier) => identifier !== undefined),
  };
}

/** Undefined when the id is none. */
export function readComputedTask(computed: wire.ComputedTask): ComputedTask | undefined {
  const id = idFromBytes<"task">(computed.id?.uuid ?? new Uint8Array());
  if (id === undefined) return undefined;
  const submission = readSubTasks(computed);
  return {
    id,
    display: computed.display,
    progress: parseProgress(computed.progressUpdates),
    subTasks: submission.ok
      ? submission.groups
      : `The task's sub-tasks cannot be submitted: ${submission.problems.join("; ")}.`,
  };
}

function readSubTasks({ subTasks, legacySubTasks }: wire.ComputedTask): Submission {
  if (subTasks !== undefined && subTasks.taskGroups.length > 0) return parseSubmission(subTasks);
  return parseSingleTasks(legacySubTasks, submissionLimits.singleTasks);
}

/** Undefined when the id is none. */
export function readFailure(request: wire.TaskFailedRequest): FailureReport | undefined {
  const id = idFromBytes<"task">(request.taskId?.uuid ?? new Uint8Array());
  if (id === undefined) return undefined;
  const { display, wasWorkflowError, progressUpdates } = request;
  return { id, display, wasWorkflowError, progress: parseProgress(progressUpdates) };
}
