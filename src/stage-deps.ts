import type { Log } from "./log.ts";
import type { PipelineDeps } from "./pipeline.ts";
import type { Project } from "./project/project.ts";

/**
 * The real stages. Each is loaded when it is reached: a check that fails on its configuration does not
 * pay for a compressor or an RPC client.
 */
export function stageDeps(options: {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Absolute folder for the archive and build.json of a project. */
  readonly outputFolder: (project: Project) => string;
  readonly env: NodeJS.ProcessEnv;
}): PipelineDeps {
  const { log, signal } = options;
  return {
    log,
    signal,
    async loadProject(folder) {
      const { loadProject } = await import("./project/load.ts");
      return await loadProject(folder);
    },
    async packProject(project) {
      const { packProject } = await import("./build/pack-project.ts");
      return await packProject(project, options.outputFolder(project));
    },
    async buildPacked(packed) {
      const { buildPacked } = await import("./build/build-project.ts");
      return await buildPacked(packed, { ...options, outputFolder: options.outputFolder(packed.project) });
    },
    async connect(target) {
      const { createApiClient } = await import("./api/client.ts");
      return await createApiClient({ ...target, env: options.env });
    },
  };
}
