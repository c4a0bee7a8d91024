import type { Build } from "../build/build.ts";
import type { ContentChanges } from "../build/cached-build.ts";
import type { PackedProject } from "../build/pack-project.ts";
import { duration } from "../duration-text.ts";
import type { Project } from "../project/project.ts";
import { requireCompleted } from "../rehearsal/require-completed.ts";
import type { SmokeTask } from "../rehearsal/smoke-task.ts";
import { buildLines } from "../report/build-lines.ts";
import { originText } from "../report/origin-text.ts";
import type { RunRecord } from "../report/record.ts";
import { treeLines } from "../report/task-tree.ts";
import { enter, type StageDeps } from "./stage.ts";

/** The build of this content, with what it says for the log. */
export async function buildContent(
  packed: PackedProject,
  changes: Promise<ContentChanges | undefined> | undefined,
  record: RunRecord,
  deps: StageDeps,
): Promise<Build> {
  const { log } = deps;
  return await log.group(`Build ${packed.project.slug}`, async () => {
    const { build, origin } = await deps.build(packed, record.mode?.publish === true);
    record.build = build;
    record.origin =
      origin.kind === "built" ? { ...origin, changes: (await changes) ?? origin.changes } : origin;
    record.notices.push(...build.notices);
    for (const line of buildLines(build)) log.info(line);
    log.info(originText(record.origin, record.startedAtMs));
    return build;
  });
}

/** Runs the job of `smoke-task` from the build; throws when it does not complete. */
export async function rehearseBuild(
  build: Build,
  project: Project,
  smokeTask: SmokeTask | undefined,
  record: RunRecord,
  deps: StageDeps,
): Promise<void> {
  if (smokeTask === undefined) return;
  enter(record, "rehearsal", deps);
  const { name, version } = smokeTask.task;
  const result = await deps.log.group(`Rehearse ${name}@${version}`, async () => {
    const rehearsal = await deps.rehearse(build, smokeTask);
    for (const line of treeLines(rehearsal.tree).split("\n")) deps.log.info(line);
    return rehearsal;
  });
  record.rehearsal = result;
  deps.log.info(`Rehearsal: ${result.outcome} in ${duration(result.tookMs)}`);
  requireCompleted(result, project);
}
