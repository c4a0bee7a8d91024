/** Why a job that a gate submitted does not get on. */
import type { JobExplanation } from "../../api/explain-job.ts";
import { JobState } from "../../api/gen/workflows/v1/core_pb.ts";
import type { ClaimObstacle } from "../../engine/claim-obstacle.ts";
import { errorTable } from "../../error-table.ts";
import { ReleaseError } from "../../errors.ts";
import { obstacleText } from "../../jobs/obstacle-text.ts";
import type { GateReason } from "./gate.ts";
import { GateFailed } from "./gate-failed.ts";
import type { SubmittedJob } from "./gate-jobs.ts";
import type { GateRun } from "./gate-run.ts";

interface Why {
  readonly for: string;
  readonly reason: GateReason;
}

/** More are not told apart. */
const countedJobs = 50;

/** Looks in a row: a task may have ended between the two halves of one. */
const certainLooks = 3;

/** @returns a function for a job none of whose tasks is running; it throws GateFailed task-not-offered when it is certain. */
export function createWhy(run: GateRun): (job: SubmittedJob) => Promise<Why> {
  const { api, signal } = run;
  let explains = true;
  let stuckLooks = 0;
  return async ({ id }) => {
    const explanation = explains ? await explain(() => api.explainJob(id, signal)) : undefined;
    explains = explanation !== undefined;
    if (explanation === undefined) return await whyByQueue(run);
    const why = whyOf(explanation);
    stuckLooks = why?.reason === "task-not-offered" ? stuckLooks + 1 : 0;
    if (why !== undefined && stuckLooks >= certainLooks) {
      throw new GateFailed("task-not-offered", why.for, {
        next: "Deploy a release that has the task to this cluster, or submit what this workflow can run.",
      });
    }
    return why ?? (await whyByQueue(run));
  };
}

/** Undefined where the control plane has no such call, which the public contract has not. */
async function explain(call: () => Promise<JobExplanation>): Promise<JobExplanation | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ReleaseError && errorTable[error.code].kind === "user") return undefined;
    throw error;
  }
}

const reasons: Readonly<Partial<Record<ClaimObstacle["kind"], GateReason>>> = {
  "no-runner": "no-runner",
  "not-loaded": "release-not-loaded",
  "no-deployment": "task-not-offered",
  "wrong-major": "task-not-offered",
  "minor-too-old": "task-not-offered",
};

/** What stands in the way of all queued tasks; undefined when one of them only waits for its turn. */
function whyOf({ state, tasks }: JobExplanation): Why | undefined {
  if (state === "running" || tasks.length === 0) return undefined;
  const obstacles = tasks.map((task) => task.obstacles.find(({ kind }) => reasons[kind] !== undefined));
  const waits = tasks.some((task) => task.obstacles.length === 0);
  const [obstacle] = obstacles.filter((one) => one !== undefined);
  if (obstacle === undefined || waits) return undefined;
  return { for: obstacleText(obstacle), reason: reasons[obstacle.kind] ?? "job-not-ended" };
}

/** By what runs on the cluster, which is all that the public contract tells. */
async function whyByQueue({ api, cluster, signal }: GateRun): Promise<Why> {
  const { jobs } = await api.jobs.queryJobs(
    {
      filters: { states: [JobState.RUNNING], clusterSlugs: [cluster] },
      page: { limit: BigInt(countedJobs) },
    },
    { signal },
  );
  if (jobs.length === 0) return { for: "a runner to claim its task", reason: "task-not-claimed" };
  const count = jobs.length === countedJobs ? `${countedJobs} jobs or more` : `${jobs.length} other`;
  return { for: `its turn, ${count} running on ${cluster}`, reason: "queue-busy" };
}
