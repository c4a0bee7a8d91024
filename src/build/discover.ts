import { realpath } from "node:fs/promises";
import type { Manifest } from "../artifact/manifest.ts";
import type { TaskContract } from "../engine/contract.ts";
import { identifierProblems } from "../engine/registered-tasks.ts";
import { sortIdentifiers, type TaskIdentifier } from "../engine/task-identifier.ts";
import { UserError } from "../errors.ts";
import type { Project } from "../project/project.ts";
import { type Environment, withoutSecrets } from "../worker/environment.ts";
import type { StartLimits, StartProgress } from "../worker/start-failure.ts";
import { startWorker, workerCommand } from "../worker/start-worker.ts";
import type { Watchdog } from "../worker/watchdog.ts";
import type { StopLimits, Worker } from "../worker/worker.ts";
import { type DiagnosisContext, diagnose, leftOutError } from "./diagnosis.ts";
import { type LeftOutSearch, leftOutFile } from "./left-out.ts";
import type { Places } from "./places.ts";
import { createContractReader } from "./read-contract.ts";
import { importAgain } from "./second-import.ts";

export interface DiscoveryLimits extends StartLimits, StopLimits {
  /** How long another import, beside the worker's own, may run before it is taken to hang. */
  readonly secondImportMs: number;
}

/**
 * environmentMs: a first install of large wheels on a slow line. importMs: imports of a minute have been
 * seen. graceMs: an idle worker ends within 0.3 s; nothing is flushed, since it has no connection.
 */
export const discoveryLimits: DiscoveryLimits = {
  environmentMs: 300_000,
  importMs: 120_000,
  secondImportMs: 15_000,
  graceMs: 3_000,
  terminateMs: 1_000,
};

export interface DiscoveryOptions {
  readonly project: Project;
  /** The unpacked artifact: not the checkout, which has files that the artifact may lack. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly environment: Environment;
  readonly limits: DiscoveryLimits;
  readonly watchdog: Watchdog;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: StartProgress) => void;
}

export interface Discovery {
  /** Sorted by name, then version. */
  readonly tasks: readonly TaskIdentifier[];
  readonly contract: TaskContract;
  readonly notices: readonly string[];
  /**
   * Resolves once the worker, which was asked to end, has ended, with what is to be said of that. Aborting the signal
   * kills it. Never rejects.
   */
  readonly ended: Promise<readonly string[]>;
}

/**
 * Starts the worker inside the artifact and takes the tasks it registers. Whoever gets them waits for the worker's end,
 * which takes some 80 ms: Python's own. Where this throws, nothing is left running.
 *
 * @throws ReleaseError with the code of what went wrong; the signal's reason when it is aborted
 */
export async function discoverTasks(options: DiscoveryOptions): Promise<Discovery> {
  const folder = await realpath(options.folder);
  const packed = new Set(options.manifest.map((entry) => entry.path));
  const search: LeftOutSearch = { checkout: options.project.root, artifact: folder, packed };
  if (options.project.entrypoint.kind === "runner")
    await requirePyproject({ project: options.project, search });
  const locked = packed.has("uv.lock");
  const environment = withoutSecrets(options.environment);
  const { entrypoint } = options.project;
  await using resources = new AsyncDisposableStack();
  const contracts = resources.use(
    createContractReader({ ...options, entrypoint, folder, environment, locked }),
  );
  const started = await startWorker({
    ...options,
    entrypoint,
    folder,
    environment,
    locked,
    onLaunch: contracts.warmUp,
  });
  if (started.kind === "failed")
    throw await diagnose(started.failure, diagnosisContext({ ...options, folder, environment }, search));
  const worker = resources.use(started.worker);
  const tasks = checkedTasks(worker.tasks);
  const notices = locked || workerCommand(entrypoint, true)[0] !== "uv" ? [] : [unlockedNotice];
  const limitMs = contractLimitMs(started.measured.importMs, options.limits);
  const stopped = stop(worker, options.limits);
  const contract = await contracts.read(tasks, limitMs);
  return { tasks, contract, notices, ended: endOf(resources.move(), stopped, options.signal) };
}

/** What is left to end, ends at once when the signal fires. */
async function endOf(
  resources: AsyncDisposableStack,
  stopped: Promise<readonly string[]>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  let disposed: Promise<void> | undefined;
  const dispose = (): Promise<void> => {
    disposed ??= resources.disposeAsync();
    return disposed;
  };
  signal.addEventListener("abort", dispose, { once: true });
  if (signal.aborted) dispose();
  const notices = await stopped;
  signal.removeEventListener("abort", dispose);
  await dispose();
  return notices;
}

/** The worker's own import says how long another one takes; it may be alone on the machine or not. */
function contractLimitMs(importMs: number, { secondImportMs }: DiscoveryLimits): number {
  return Math.round(Math.min(secondImportMs, 5_000 + 3 * importMs));
}

const unlockedNotice =
  "The artifact has no uv.lock: every start of a runner resolves the dependencies anew, so a release that runs today may fail when a package it needs has a new version. Run `uv lock` and commit uv.lock.";

/** Without a pyproject.toml uv would quietly take the environment of whatever folder is around. */
async function requirePyproject(places: Places): Promise<void> {
  if (places.search.packed.has("pyproject.toml")) return;
  const left = await leftOutFile(places.search, "pyproject.toml");
  if (left !== undefined) throw await leftOutError(left, "it says what to install", places);
  throw new UserError("environment-failed", "The project has no pyproject.toml, which says what to install", {
    next: "Add a pyproject.toml with tilebox-workflows in its dependencies beside tilebox.workflow.toml.",
  });
}

function checkedTasks(registered: readonly TaskIdentifier[]): TaskIdentifier[] {
  if (registered.length === 0) throw new UserError("tasks-empty", "The worker registered no task");
  const problems = identifierProblems(registered);
  const [first] = problems;
  if (first !== undefined)
    throw new UserError("tasks-invalid", first, { problems: problems.map((message) => ({ message })) });
  return sortIdentifiers(registered);
}

async function stop(worker: Worker, limits: DiscoveryLimits): Promise<string[]> {
  const how = await worker.stop(limits);
  if (how === "asked") return [];
  const seconds = limits.graceMs / 1000;
  return [
    `The worker did not end within ${seconds} s of being asked and was ${how}: the project's modules start threads that are not daemons. A runner that replaces this release will have to do the same.`,
  ];
}

function diagnosisContext(options: DiscoveryOptions, search: LeftOutSearch): DiagnosisContext {
  const { project } = options;
  return {
    project,
    search,
    importAgain: async () => {
      if (project.entrypoint.kind === "command") return undefined;
      const { objectPath } = project.entrypoint;
      return importAgain({ ...options, objectPath, limitMs: options.limits.secondImportMs });
    },
  };
}
