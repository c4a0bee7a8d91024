import { join } from "node:path";
import { userCacheFolder } from "./cache-folder.ts";

/**
 * Where a runner unpacks releases when it is not told: a cache of the user's, which may be emptied at any
 * time while no runner uses it. One folder a cluster, because two runners cannot share one.
 */
export function defaultRunnerFolder(cluster: string): string {
  return join(userCacheFolder(), cluster === "" ? "runner" : `runner-${cluster}`);
}
