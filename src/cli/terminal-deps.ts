import { join, resolve } from "node:path";
import type { CachePlan } from "../build/cache/open-cache.ts";
import { outputFolderName } from "../project/selection.ts";
import { stageDeps } from "../stages/real-stages.ts";
import type { StageDeps } from "../stages/stage.ts";
import { buildCacheFolder } from "./cache-folder.ts";
import { terminalLog } from "./run.ts";

/** The stages as a person at a terminal runs them: output lands beside the project unless told otherwise. */
export function terminalDeps(options: {
  readonly signal: AbortSignal;
  readonly output?: string | undefined;
  /** For commands that build. */
  readonly cache?: CachePlan;
}): StageDeps {
  return stageDeps({
    log: terminalLog,
    signal: options.signal,
    env: process.env,
    endsAtMs: Number.POSITIVE_INFINITY,
    source: { folder: process.cwd(), commit: undefined },
    async openCache() {
      const folder = buildCacheFolder();
      if (options.cache === undefined || folder === undefined) return { kind: "switched-off" };
      const { openLocalCache } = await import("../build/cache/open-cache.ts");
      return await openLocalCache(options.cache, folder, process.env);
    },
    outputFolder: ({ root }) =>
      options.output === undefined ? join(root, outputFolderName) : resolve(options.output),
  });
}
