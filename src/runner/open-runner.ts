/** A release runner with everything that it needs, from options alone. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createApiClient } from "../api/client.ts";
import { SystemError } from "../errors.ts";
import { tryLock } from "../store/sqlite/lock.ts";
import type { RunnerEvent } from "./events.ts";
import { fetchArtifact } from "./fetch-artifact.ts";
import { ReleaseFolders } from "./release-folders.ts";
import {
  type Runner,
  type RunnerDeps,
  type RunnerLimits,
  type RunnerOptions,
  startRunner,
} from "./runner.ts";
import { systemTime } from "./time.ts";
import { workerUrl } from "./worker-url.ts";

export interface OpenRunnerOptions extends RunnerOptions, Pick<RunnerDeps, "watchdog" | "random"> {
  readonly url: string;
  readonly apiKey: string | undefined;
  /** Absolute; of this runner alone. Releases and their environments lie in it. */
  readonly dataFolder: string;
  readonly maxDiskBytes: number;
  /** Ours; workers get what of it does not belong to uv, Python or Tilebox. */
  readonly environment: NodeJS.ProcessEnv;
  onEvent(event: RunnerEvent): void;
}

export interface OpenedRunner extends Runner, AsyncDisposable {}

/**
 * tasksPerWorker: Python runs as many calls at once as it has processors and four more; one is kept free for
 * calls about the worker itself. prepareMs: a first install of large wheels on a slow line. graceMs: a worker
 * that cannot reach the control plane spends seven seconds on its last spans. taskMs: a day, because tasks
 * take hours; what is longer is most likely a task that called sys.exit(), after which its call never ends.
 */
export function runnerLimits(processors: number): RunnerLimits {
  return {
    tasksPerWorker: Math.min(32, processors + 4) - 1,
    taskMs: 24 * 60 * 60_000,
    prepareMs: 15 * 60_000,
    environmentMs: 120_000,
    importMs: 300_000,
    graceMs: 10_000,
    terminateMs: 2_000,
  };
}

/** Starts it. Throws api-url-invalid, store-busy, store-failed, and what making folders throws. Disposing quits it. */
export async function openRunner(options: OpenRunnerOptions): Promise<OpenedRunner> {
  const { url, apiKey, dataFolder, environment, onEvent } = options;
  await using stack = new AsyncDisposableStack();
  await mkdir(dataFolder, { recursive: true });
  const lock = tryLock(join(dataFolder, "lock"), 0);
  if (lock === undefined) {
    throw new SystemError("store-busy", `The data folder ${dataFolder} is in use by another runner`);
  }
  stack.use(lock);
  const api = stack.use(await createApiClient({ url, apiKey, env: environment, protocol: "grpc" }));
  const folders = await ReleaseFolders.open(dataFolder, options.maxDiskBytes, {
    clock: systemTime.nowMs,
    unpack: (digest, folder, signal) => fetchArtifact(api, digest, folder, signal),
    onRemoved: (digest, sizeBytes) => onEvent({ kind: "folder-removed", digest, sizeBytes }),
  });
  const runner = startRunner(options, {
    ...options,
    api,
    url: workerUrl(url),
    folders,
    time: systemTime,
  });
  const owned = stack.move();
  const ended = runner.ended.finally(() => owned.disposeAsync());
  // Whoever waits for it hears of its failure; nobody has to.
  ended.catch(() => {});
  return {
    id: runner.id,
    ended,
    drain: (why) => runner.drain(why),
    quit: () => runner.quit(),
    report: () => runner.report(),
    [Symbol.asyncDispose]: async () => {
      runner.quit();
      await ended.catch(() => {});
    },
  };
}
