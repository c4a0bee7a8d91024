/** Builds of scratch projects, with everything real: files, git, archive, Python worker. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Build } from "../../src/build/build.ts";
import { type BuildOptions, buildProject } from "../../src/build/build-project.ts";
import type { Log } from "../../src/log.ts";
import { loadProject } from "../../src/project/load.ts";
import { createScratchProject, type Edits, type SampleName, type ScratchProject } from "./scratch-project.ts";
import { assertNothingLeft } from "./workers.ts";

export const silentLog: Log = {
  info: () => {},
  notice: () => {},
  warning: () => {},
  group: (_title, work) => work(),
};

/** Builds into the project's own output folder, and sees to it that no process is left. */
export async function buildScratch(
  project: ScratchProject,
  changes: Partial<BuildOptions> = {},
): Promise<Build> {
  const mark = randomUUID();
  try {
    return await buildProject(await loadProject(project.folder), {
      outputFolder: join(project.folder, ".workflow-release"),
      log: silentLog,
      signal: new AbortController().signal,
      ...changes,
      env: { ...(changes.env ?? process.env), BUILD_OF_A_TEST: mark },
    });
  } finally {
    await assertNothingLeft(mark);
  }
}

/** The same for a sample that is not needed afterwards. */
export async function buildSample(
  sample: SampleName,
  edits: Edits = {},
  changes: Partial<BuildOptions> = {},
): Promise<Build> {
  await using project = await createScratchProject(sample, edits);
  return await buildScratch(project, changes);
}
