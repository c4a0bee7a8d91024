/** What a job that failed on a cluster shows of itself: its tasks, its tracebacks, the project's own lines. */
import { join } from "node:path";
import { ReleaseError } from "../../errors.ts";
import { awaitTracebacks, type Traceback } from "../../jobs/tracebacks.ts";
import { eachTask, readTaskTree, type TaskTree } from "../../jobs/tree.ts";
import { pathInRepository } from "../../project/find-config.ts";
import { taskFailures } from "../../rehearsal/task-failures.ts";
import { GateFailed } from "./gate-failed.ts";
import type { SubmittedJob } from "./gate-jobs.ts";
import type { GateRun } from "./gate-run.ts";
import { releaseFolder } from "./release-folder.ts";

/** A summary of more tasks is read by nobody. */
const shownTasks = 200;

export async function jobFailure(
  run: GateRun,
  { id, idText }: Pick<SubmittedJob, "id" | "idText">,
): Promise<GateFailed> {
  const { api, signal, content, project, release } = run;
  const tree = await readTaskTree(api, id, shownTasks, signal);
  const tracebacks = await readFailed(run, id, tree);
  const unpacked = {
    folder: releaseFolder(tracebacks, content.files, release.digest),
    manifest: content.files.map((path) => ({ path })),
  };
  const fileOf = (path: string) =>
    project === undefined ? path : pathInRepository(project.repositoryRoot, join(project.root, path));
  const failures = taskFailures(tree, tracebacks, unpacked);
  return new GateFailed("task-failed", `job ${idText} failed`, {
    tree,
    problems: failures.map(({ display, summary, traceback, place }) => ({
      message: traceback === "" ? `${display}: ${summary}` : `${display}: ${summary}\n${traceback}`,
      ...(place === undefined ? {} : { file: fileOf(place.file), line: place.line }),
    })),
    next: `Mend what the task ran into. The job is still there: workflow-release job tree ${idText}.`,
  });
}

/** A control plane may have no spans: the failure is one all the same. */
async function readFailed(
  { api, signal, world }: GateRun,
  jobId: SubmittedJob["id"],
  { roots }: TaskTree,
): Promise<readonly Traceback[]> {
  const failed = [...eachTask(roots)].filter(({ task }) => task.state === "failed");
  try {
    return await awaitTracebacks(
      api,
      jobId,
      failed.map(({ task }) => task.id),
      signal,
      world,
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ReleaseError)) throw error;
    return [];
  }
}
