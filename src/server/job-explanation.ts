/** Why the queued tasks of a job are not being claimed: what the rules need, gathered. */
import type { ExplainedTask, JobExplanation } from "../api/explain-job.ts";
import { claimObstacles } from "../engine/claim-obstacle.ts";
import { parseId } from "../engine/id.ts";
import type { JobId } from "../engine/job.ts";
import type { Slug } from "../engine/slug.ts";
import { withVersion } from "../engine/task-version.ts";
import { UserError } from "../errors.ts";
import type { TreeTask } from "../store/job-port.ts";
import type { Store } from "../store/port.ts";
import { type HttpRoute, sendJson } from "./http-routes.ts";
import { offerExpiryMs } from "./offer-notes.ts";
import type { RunnersSeen } from "./runners-seen.ts";

export interface ExplanationDeps {
  readonly store: Pick<Store, "jobs" | "clusters" | "runners">;
  readonly seen: RunnersSeen;
}

/** A larger job is explained by what stands first in it. */
const readTasks = 10_000;
/** Tasks that wait for the same are many; whoever asks looks at a few. */
const explainedTasks = 20;

export function explanationRoutes(deps: ExplanationDeps): readonly HttpRoute[] {
  return [
    {
      method: "GET",
      path: /^\/jobs\/(?<job>[^/]*)\/obstacles$/,
      access: "runner",
      what: "read jobs",
      handle: async ({ response, params }) => {
        const id = parseId<"job">(params.job ?? "");
        if (id === undefined) throw new UserError("request-invalid", "The job's id is no UUID");
        sendJson(response, 200, await explainJob(deps, id));
      },
    },
  ];
}

/** Throws job-not-found. */
export async function explainJob(deps: ExplanationDeps, id: JobId): Promise<JobExplanation> {
  const { jobs } = deps.store;
  const { state } = await jobs.getJob(id);
  const queued = (await jobs.readTaskTree(id, readTasks)).filter((task) => task.state === "queued");
  const explained = await Promise.all(queued.slice(0, explainedTasks).map((task) => explainTask(deps, task)));
  return { state, queuedTasks: queued.length, tasks: explained.flatMap((task) => task ?? []) };
}

async function explainTask(
  { store, seen }: ExplanationDeps,
  { id, display }: TreeTask,
): Promise<ExplainedTask | undefined> {
  const task = await store.jobs.readQueuedTask(id);
  if (task === undefined) return undefined;
  const { name, version } = task.identifier;
  const { deployed, runners } = await situationOf(store, seen, task.cluster);
  return {
    id,
    display,
    identifier: { name, version },
    cluster: task.cluster,
    obstacles: claimObstacles({ ...task, deployed, runners }),
  };
}

async function situationOf(store: ExplanationDeps["store"], seen: RunnersSeen, slug: Slug) {
  const { isDefault, deployments } = await store.clusters.getCluster({ kind: "slug", slug });
  const offered = await store.runners.listOffers({ slug, isDefault }, offerExpiryMs);
  const deployed = deployments
    .flatMap(({ release }) => release.content.tasks)
    .flatMap((task) => withVersion(task) ?? []);
  return { deployed, runners: [...seen.onCluster({ slug, isDefault }), ...offered] };
}
