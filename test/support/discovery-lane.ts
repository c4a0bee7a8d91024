/**
 * Discovers one variation of a sample after another in one unpacked artifact, so that its environment is
 * installed once. Only for variations that need the same packages; the files are those that a build selects.
 */
import { randomUUID } from "node:crypto";
import { cp, mkdir, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type Discovery,
  type DiscoveryLimits,
  discoverTasks,
  discoveryLimits,
} from "../../src/build/discover.ts";
import { loadProject } from "../../src/project/load.ts";
import { selectFiles } from "../../src/project/select.ts";
import { createWatchdog } from "../../src/worker/watchdog.ts";
import { createScratchProject, type Edits, type SampleName } from "./scratch-project.ts";
import { assertNothingLeft } from "./workers.ts";

export interface DiscoveryLane extends AsyncDisposable {
  /** One at a time. */
  discover(edits: Edits, limits: Partial<DiscoveryLimits>): Promise<Discovery>;
}

export async function createDiscoveryLane(sample: SampleName): Promise<DiscoveryLane> {
  const project = await createScratchProject(sample);
  const watchdog = createWatchdog();
  const artifact = await realpath(await watchdog.makeFolder(tmpdir()));

  async function layOut(): Promise<Parameters<typeof discoverTasks>[0]["manifest"]> {
    for (const name of await readdir(artifact))
      if (name !== ".venv") await rm(join(artifact, name), { recursive: true });
    const { files } = await selectFiles(await loadProject(project.folder));
    for (const { path } of files) {
      await mkdir(dirname(join(artifact, path)), { recursive: true });
      await cp(join(project.folder, path), join(artifact, path));
    }
    return files.map(({ path }) => ({ kind: "file", path, mode: 0o644, sizeBytes: 0, sha256: "" }));
  }

  return {
    discover: async (edits, limits) => {
      const mark = randomUUID();
      await project.edit(edits);
      try {
        const discovery = await discoverTasks({
          project: await loadProject(project.folder),
          folder: artifact,
          manifest: await layOut(),
          environment: { ...process.env, DISCOVERY_OF_A_TEST: mark },
          limits: { ...discoveryLimits, ...limits },
          watchdog,
          signal: new AbortController().signal,
          onProgress: () => {},
        });
        return { ...discovery, notices: [...discovery.notices, ...(await discovery.ended)] };
      } finally {
        await assertNothingLeft(mark);
        await project.git("reset", "--quiet", "--hard");
        await project.git("clean", "--quiet", "--force", "-d");
      }
    },
    [Symbol.asyncDispose]: async () => {
      watchdog.removeFolder(artifact);
      await project[Symbol.asyncDispose]();
    },
  };
}
