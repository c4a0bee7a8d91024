/** Makes a deployed release ready to be started: its files and its environment. */
import type { Environment } from "../worker/environment.ts";
import type { Watchdog } from "../worker/watchdog.ts";
import type { DeployedRelease } from "./deployed-release.ts";
import type { RunnerEvent } from "./events.ts";
import type { ReleaseFolder } from "./loaded-release.ts";
import { prepareEnvironment } from "./prepare-environment.ts";
import type { ReleaseFolders } from "./release-folders.ts";

export interface PrepareReleaseDeps {
  readonly folders: ReleaseFolders;
  readonly environment: Environment;
  readonly watchdog: Watchdog;
  readonly limitMs: number;
  onEvent(event: RunnerEvent): void;
}

/** Throws what fetching, unpacking and installing throw; what was installed in part is made anew. */
export async function prepareRelease(
  release: DeployedRelease,
  deps: PrepareReleaseDeps,
  signal: AbortSignal,
): Promise<ReleaseFolder> {
  const startedMs = performance.now();
  const folder = await deps.folders.use(release.digest, signal);
  try {
    deps.onEvent({ kind: "release-fetched", release, tookMs: performance.now() - startedMs });
    if (folder.prepared) return folder;
    const preparingMs = performance.now();
    await prepareEnvironment({ ...deps, folder: folder.path, entrypoint: release.entrypoint, signal });
    await folder.markPrepared();
    deps.onEvent({ kind: "environment-ready", release, tookMs: performance.now() - preparingMs });
    return folder;
  } catch (error) {
    folder.distrust();
    folder[Symbol.dispose]();
    throw error;
  }
}
