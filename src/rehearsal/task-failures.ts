/** What failed tasks show of themselves: in the project's own files and lines where that is known. Pure. */
import { sep } from "node:path";
import type { ManifestEntry } from "../artifact/manifest.ts";
import type { TaskId } from "../engine/job.ts";
import type { Traceback } from "../jobs/tracebacks.ts";
import { eachTask, type TaskNode, type TaskTree } from "../jobs/tree.ts";

export interface TaskFailure {
  readonly task: TaskId;
  /** The task's own line, without its error. */
  readonly display: string;
  /** As Python prints it last, or why the runner failed it: a worker that died, a limit. */
  readonly summary: string;
  /** Paths of the project are relative to its root. Empty when nothing was raised. */
  readonly traceback: string;
  /** The innermost line that is the project's own. */
  readonly place: ProjectPlace | undefined;
}

export interface ProjectPlace {
  /** Relative to the project's root, with `/`. */
  readonly file: string;
  readonly line: number;
}

export interface UnpackedRelease {
  /** Absolute, as Python names it. */
  readonly folder: string;
  readonly manifest: readonly Pick<ManifestEntry, "path">[];
}

/** In the order of the tree. */
export function taskFailures(
  tree: TaskTree,
  tracebacks: readonly Traceback[],
  release: UnpackedRelease,
): TaskFailure[] {
  const byTask = new Map(tracebacks.map((traceback) => [traceback.task, traceback]));
  return [...eachTask(tree.roots)]
    .map(({ task }) => task)
    .filter(({ state }) => state === "failed" || state === "failed-optional")
    .map((task) => failureOf(task, byTask.get(task.id), release));
}

function failureOf(task: TaskNode, traceback: Traceback | undefined, release: UnpackedRelease): TaskFailure {
  const [display = "", ...reason] = task.display.split("\n");
  return {
    task: task.id,
    display,
    summary: traceback?.summary ?? reason.join("\n"),
    traceback: (traceback?.text ?? "").replaceAll(`${release.folder}${sep}`, ""),
    place: traceback === undefined ? undefined : innermostPlace(traceback, release),
  };
}

function innermostPlace(
  { frames }: Traceback,
  { folder, manifest }: UnpackedRelease,
): ProjectPlace | undefined {
  const packed = new Set(manifest.map(({ path }) => path));
  for (const { file, line } of frames.toReversed()) {
    if (!file.startsWith(folder + sep)) continue;
    const path = file.slice(folder.length + 1).replaceAll(sep, "/");
    if (packed.has(path)) return { file: path, line };
  }
  return undefined;
}
