import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The user's own place for what may be emptied at any time. */
export function userCacheFolder(): string {
  switch (process.platform) {
    case "win32":
      return join(process.env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "workflow-release");
    case "darwin":
      return join(homedir(), "Library", "Caches", "workflow-release");
    default:
      // The XDG base directory specification, which also says that an empty variable counts as unset.
      return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "workflow-release");
  }
}

/** Where builds are kept for the next time: a folder, or nowhere when WORKFLOW_RELEASE_CACHE is `off`. */
export function buildCacheFolder(): string | undefined {
  const named = process.env.WORKFLOW_RELEASE_CACHE;
  if (named === "off") return undefined;
  return named ? resolve(named) : join(userCacheFolder(), "builds");
}
