import type { Entrypoint } from "../project/project.ts";
import { createEndpoint, type Endpoint } from "./endpoint.ts";
import { type Environment, inheritable } from "./environment.ts";
import { findExecutable } from "./executable.ts";
import { awaitReadiness } from "./readiness.ts";
import { runningWorker } from "./running-worker.ts";
import { StartClock } from "./start-clock.ts";
import type { StartFailure, StartLimits, StartProgress } from "./start-failure.ts";
import type { Watchdog } from "./watchdog.ts";
import type { Worker } from "./worker.ts";
import { createWorkerClient, type WorkerClient } from "./worker-client.ts";
import { launch, type WorkerProcess } from "./worker-process.ts";

export interface StartOptions {
  readonly entrypoint: Entrypoint;
  /** The unpacked artifact: the worker's working folder and first place of import. */
  readonly folder: string;
  /** Whether the artifact has a uv.lock, which uv must then follow to the letter. */
  readonly locked: boolean;
  /** What the worker may inherit; what would mislead it is left out in any case. */
  readonly environment: Environment;
  readonly limits: StartLimits;
  readonly watchdog: Watchdog;
  /** Aborting ends the start, and everything it started; it then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: StartProgress) => void;
  /** The worker's process runs. */
  readonly onLaunch?: () => void;
}

export type StartOutcome =
  | {
      readonly kind: "started";
      readonly worker: Worker;
      readonly measured: { readonly environmentMs: number; readonly importMs: number };
    }
  | { readonly kind: "failed"; readonly failure: StartFailure };

/**
 * Starts the worker of an unpacked artifact and waits until it lists its tasks. When it does not come
 * up, the reason is returned and nothing of it is left running.
 */
export async function startWorker(options: StartOptions): Promise<StartOutcome> {
  options.signal.throwIfAborted();
  const [name, ...args] = workerCommand(options.entrypoint, options.locked);
  const inherited = inheritable(options.environment);
  const program = await findExecutable(name, options.folder, inherited);
  if (program === undefined) return { kind: "failed", failure: { kind: "program-missing", program: name } };
  const endpoint = await createEndpoint(options.watchdog);
  // Python keeps what it prints to a pipe in a buffer, and a killed worker's last words with it.
  const environment = { ...inherited, PYTHONUNBUFFERED: "1", ...endpoint.variables };
  const clock = new StartClock(options.limits, options.onProgress, () => performance.now());
  let process: WorkerProcess | undefined;
  let client: Promise<WorkerClient> | undefined;
  try {
    process = await launch([program, ...args], options.folder, environment, options.watchdog);
    options.onLaunch?.();
    client = createWorkerClient(endpoint);
    const stopListening = killOnAbort(process, options.signal);
    const outcome = await awaitReadiness({ process, endpoint, client, clock }, options.signal);
    stopListening();
    if (outcome.kind === "ready") {
      const worker = runningWorker(process, endpoint, await client, outcome);
      return { kind: "started", worker, measured: clock.measured() };
    }
    await giveUp(process, endpoint, client);
    return { kind: "failed", failure: outcome };
  } catch (error) {
    await giveUp(process, endpoint, client);
    throw error;
  }
}

/** The command line for an entry point, with the program as its first word. */
export function workerCommand(entrypoint: Entrypoint, locked: boolean): readonly [string, ...string[]] {
  if (entrypoint.kind === "command") return entrypoint.argv;
  const flags = locked ? ["--locked"] : [];
  return ["uv", "run", ...flags, "python", "-m", "tilebox.workflows.runner", entrypoint.objectPath];
}

/** A call to a worker whose import holds the interpreter lock is not cut short by the abort: the kill does it. */
function killOnAbort(process: WorkerProcess, signal: AbortSignal): () => void {
  const kill = () => process.kill();
  signal.addEventListener("abort", kill, { once: true });
  return () => signal.removeEventListener("abort", kill);
}

async function giveUp(
  process: WorkerProcess | undefined,
  endpoint: Endpoint,
  client: Promise<WorkerClient> | undefined,
): Promise<void> {
  process?.kill();
  await process?.exited;
  (await client?.catch(() => undefined))?.[Symbol.dispose]();
  endpoint[Symbol.dispose]();
}
