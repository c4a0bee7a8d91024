import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where a runner unpacks releases when it is not told: a cache of the user's, which may be emptied at any
 * time while no runner uses it. One folder a cluster, because two runners cannot share one.
 */
export function defaultRunnerFolder(cluster: string): string {
  return join(cacheFolder(), "workflow-release", cluster === "" ? "runner" : `runner-${cluster}`);
}

function cacheFolder(): string {
  switch (process.platform) {
    case "win32":
      return process.env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local");
    case "darwin":
      return join(homedir(), "Library", "Caches");
    default:
      // The XDG base directory specification, which also says that an empty variable counts as unset.
      return process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  }
}
