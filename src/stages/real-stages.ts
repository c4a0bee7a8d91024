import { dirname } from "node:path";
import type { BuildCache } from "../build/cache/build-cache.ts";
import type { CacheMiss } from "../build/cache/miss.ts";
import { readRunProvenance } from "../inputs/run-provenance.ts";
import type { Log } from "../log.ts";
import type { Project } from "../project/project.ts";
import type { DeploymentRecords } from "../release/deployment-records.ts";
import { systemGateWorld } from "../release/gates/system-world.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import type { GitHubClient } from "../report/github/client.ts";
import type { StageDeps } from "./stage.ts";

/** Where the commits are that a run is about. */
export interface RunSource {
  /** The checkout, or a folder in it. */
  readonly folder: string;
  /** The commit of the run; undefined at a terminal. */
  readonly commit: string | undefined;
  /** Connects at most once. */
  readonly github?: (() => Promise<GitHubClient>) | undefined;
}

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
  readonly stageEntered?: StageDeps["stageEntered"];
  readonly source: RunSource;
  /** When the run is stopped; infinite where nothing stops it. */
  readonly endsAtMs: number;
  /** Called at most once, when something is to be built. */
  readonly openCache: () => Promise<BuildCache | CacheMiss>;
}): StageDeps {
  const { log, signal } = options;
  let cache: Promise<BuildCache | CacheMiss> | undefined;
  const settling: Promise<readonly string[]>[] = [];
  return {
    log,
    signal,
    world: systemGateWorld,
    endsAtMs: options.endsAtMs,
    stageEntered: options.stageEntered,
    commit: options.source.commit,
    async compareCommits(deployed, ours) {
      const { compareCommits } = await import("../release/ancestry.ts");
      const { folder, github } = options.source;
      if (github === undefined) return await compareCommits(deployed, ours, { folder, signal });
      const { compareAtGitHub } = await import("../report/github/compare-commits.ts");
      return await compareCommits(deployed, ours, {
        folder,
        signal,
        compareRemotely: async (...commits) => await compareAtGitHub(await github())(...commits),
      });
    },
    githubRecords: options.source.github && githubRecords(options.source.github, options.env),
    deploymentRecords: (api) => recordsOf(api, options),
    async loadProject(folder) {
      const { loadProject } = await import("../project/load.ts");
      return await loadProject(folder);
    },
    async packProject(project) {
      const { packProject } = await import("../build/pack-project.ts");
      return await packProject(project, options.outputFolder(project));
    },
    async build(packed, publishes) {
      const { buildOrReuse } = await import("../build/cached-build.ts");
      cache ??= options.openCache();
      const { settled, ...built } = await buildOrReuse(packed, {
        ...options,
        outputFolder: options.outputFolder(packed.project),
        cache: await cache,
        publishes,
      });
      settling.push(settled);
      return built;
    },
    async settle() {
      return (await Promise.all(settling)).flat();
    },
    async contractOf(folder, outputFolder, known, baseSignal) {
      const { loadProject } = await import("../project/load.ts");
      const { packProject } = await import("../build/pack-project.ts");
      const { buildOrReuse } = await import("../build/cached-build.ts");
      const { isDeepStrictEqual } = await import("node:util");
      const packed = await packProject(await loadProject(folder), outputFolder);
      const isSameEntry = isDeepStrictEqual(packed.project.entrypoint, known.entrypoint);
      if (packed.digest === known.digest && isSameEntry) return known.contract;
      cache ??= options.openCache();
      const quiet: Log = { ...log, info() {}, group: (_title, work) => work() };
      const { env } = options;
      const { build, settled } = await buildOrReuse(packed, {
        ...{ outputFolder, env, cache: await cache, publishes: false },
        log: quiet,
        signal: baseSignal,
      });
      // What the base has to say is not this run's.
      settling.push(settled.then(() => []));
      return build.contract;
    },
    async rehearse(build, smokeTask) {
      const { rehearsalLimits, rehearse } = await import("../rehearsal/rehearse.ts");
      const { readSmokeTask } = await import("../rehearsal/smoke-task.ts");
      const task = await readSmokeTask(smokeTask);
      return await rehearse({ build, task, limits: rehearsalLimits, env: options.env, log, signal });
    },
    async connect(target) {
      const { createApiClient } = await import("../api/client.ts");
      const run = readRunProvenance(options.env);
      return await createApiClient({ ...target, env: options.env, run });
    },
    async publisher(api, target, project) {
      const { choosePublisher } = await import("../release/publisher/choose.ts");
      const { packProject } = await import("../build/pack-project.ts");
      return await choosePublisher(api, {
        ...{ target, env: options.env, log, signal },
        projectFolder: dirname(project.configPath),
        digestNow: async () => (await packProject(project, options.outputFolder(project))).digest,
      });
    },
  };
}

type GitHub = NonNullable<RunSource["github"]>;

/** Loaded when it is asked. */
function githubRecords(github: GitHub, env: NodeJS.ProcessEnv): DeploymentRecords {
  return loadedRecords(async () => {
    const { githubRecords: recordsAt } = await import("../report/github/github-records.ts");
    return recordsAt(github, env.GITHUB_SERVER_URL || "https://github.com");
  });
}

/** The control plane's history, else GitHub's. */
function recordsOf(
  api: ReleaseApi,
  { source, env, signal }: { source: RunSource; env: NodeJS.ProcessEnv; signal: AbortSignal },
): DeploymentRecords {
  return loadedRecords(async () => {
    const { firstKnown } = await import("../release/deployment-records.ts");
    const { historyRecords } = await import("../release/history-records.ts");
    const history = historyRecords(api, signal);
    return source.github === undefined ? history : firstKnown([history, githubRecords(source.github, env)]);
  });
}

function loadedRecords(load: () => Promise<DeploymentRecords>): DeploymentRecords {
  return {
    find: async (...wanted) => await (await load()).find(...wanted),
    list: async (...wanted) => await (await load()).list(...wanted),
  };
}
