/** GET /jobs/ID/obstacles: why the queued tasks of a job are not being claimed, which the public contract cannot tell. */
import type { ClaimObstacle } from "../engine/claim-obstacle.ts";
import { type Id, idFromBytes } from "../engine/id.ts";
import type { JobState } from "../engine/job-state.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import { SystemError } from "../errors.ts";
import type { ID } from "./gen/tilebox/v1/id_pb.ts";
import { exchange, type OpenRequest, readAtMost, requireSuccess, withErrors } from "./http-exchange.ts";

export interface JobExplanation {
  readonly state: JobState;
  /** All of them; only the first few are explained. */
  readonly queuedTasks: number;
  readonly tasks: readonly ExplainedTask[];
}

export interface ExplainedTask {
  readonly id: Id<"task">;
  readonly display: string;
  readonly identifier: TaskIdentifier;
  /** Slug. */
  readonly cluster: string;
  /** Empty when it will be claimed as soon as its turn comes. */
  readonly obstacles: readonly ClaimObstacle[];
}

export interface ExplainCalls {
  /** Throws job-not-found; api-unsupported and the like where there is no such call. */
  explainJob(job: ID, signal?: AbortSignal): Promise<JobExplanation>;
}

/** A job's obstacles are few and short; what is longer is something else. */
const maxAnswerBytes = 1024 * 1024;

function obstaclesPath(job: string): string {
  return `/jobs/${job}/obstacles`;
}

export function createExplainCalls(open: OpenRequest, host: string): ExplainCalls {
  return {
    explainJob: (job, signal) =>
      withErrors({ name: "asking why", host, missing: ["job"], signal }, async () => {
        const path = obstaclesPath(idFromBytes(job.uuid) ?? "");
        const response = await exchange(open("GET", path, {}), undefined, signal);
        await requireSuccess(response);
        const body = Buffer.from(await readAtMost(response, maxAnswerBytes)).toString("utf8");
        return readExplanation(body, host);
      }),
  };
}

/** Only its outline is checked: what is in it was made by the same program, of this version or another. */
function readExplanation(body: string, host: string): JobExplanation {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && "tasks" in value && Array.isArray(value.tasks)) {
      return value as JobExplanation;
    }
  } catch {
    // Not even JSON: the same as JSON of another form.
  }
  throw new SystemError("api-failed", `${host} answered something else than the obstacles of a job`);
}
