/** Starts a worker of a release and makes sure that it is the one that was published. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { InitializeRunnerRequestSchema } from "../api/gen/workflows/v1/worker_pb.ts";
import { type Id, idToBytes } from "../engine/id.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import { type ReleaseError, SystemError, UserError } from "../errors.ts";
import type { Environment } from "../worker/environment.ts";
import type { StartFailure, StartLimits } from "../worker/start-failure.ts";
import { startWorker } from "../worker/start-worker.ts";
import type { Watchdog } from "../worker/watchdog.ts";
import type { Worker } from "../worker/worker.ts";
import { describeExit } from "../worker/worker-process.ts";
import type { DeployedRelease } from "./deployed-release.ts";
import { hasLock } from "./prepare-environment.ts";

/** Where a worker sends its logs and spans. It must not be able to publish or deploy. */
export interface WorkerConnection {
  /** With a scheme, and with a port where that is http: the SDK refuses anything else. */
  readonly url: string;
  /** Undefined for a control plane without keys. */
  readonly token: string | undefined;
}

export interface StartReleaseOptions {
  readonly release: DeployedRelease;
  readonly folder: string;
  readonly runnerId: Id<"runner">;
  /** Its slug as the control plane gave it: the default cluster of the tasks' sub-tasks. */
  readonly cluster: string;
  readonly connection: WorkerConnection;
  readonly environment: Environment;
  readonly limits: StartLimits;
  readonly watchdog: Watchdog;
  readonly signal: AbortSignal;
}

const shownOutputCharacters = 2_000;

/**
 * @throws ReleaseError when it does not come up, registers other tasks than the release has, or refuses to
 *   be initialised; nothing of it is left then. The signal's reason when it is aborted.
 */
export async function startReleaseWorker(options: StartReleaseOptions): Promise<Worker> {
  const { release, folder } = options;
  const locked = await hasLock(folder);
  const { entrypoint } = release;
  const started = await startWorker({ ...options, entrypoint, locked, onProgress: () => {} });
  if (started.kind === "failed") throw startError(started.failure);
  const { worker } = started;
  try {
    requireTasks(release.tasks, worker.tasks);
    await worker.initialize(initialization(options));
    options.signal.throwIfAborted();
    return worker;
  } catch (error) {
    await worker[Symbol.asyncDispose]();
    throw error;
  }
}

/** A worker ignores most of it. The cluster stays without its releases, whose file trees can be large. */
function initialization({
  release,
  runnerId,
  cluster,
  connection,
}: StartReleaseOptions): MessageInitShape<typeof InitializeRunnerRequestSchema> {
  const { url, token } = connection;
  const { id, workflow, digest } = release;
  return {
    runnerId: { uuid: idToBytes(runnerId) },
    cluster: { slug: cluster },
    workflow: { slug: workflow, releases: [{ id: { uuid: idToBytes(id) }, artifact: { digest } }] },
    // Never without the url: the SDK would send telemetry to the hosted service.
    apiConnection: token === undefined ? { url } : { url, token },
  };
}

function requireTasks(published: readonly TaskIdentifier[], registered: readonly TaskIdentifier[]): void {
  const names = (tasks: readonly TaskIdentifier[]) =>
    new Set(tasks.map(({ name, version }) => `${name}@${version}`));
  const missing = [...names(published)].filter((task) => !names(registered).has(task));
  const added = [...names(registered)].filter((task) => !names(published).has(task));
  if (missing.length + added.length === 0) return;
  throw new UserError(
    "tasks-differ",
    "The worker registers other tasks than the release was published with",
    {
      problems: [
        ...missing.map((task) => ({ message: `${task} is published, but not registered` })),
        ...added.map((task) => ({ message: `${task} is registered, but not published` })),
      ],
    },
  );
}

function startError(failure: StartFailure): ReleaseError {
  const said = (output: { readonly stdout: string; readonly stderr: string }): string => {
    const text = (output.stderr.trim() || output.stdout.trim()).slice(-shownOutputCharacters);
    return text === "" ? "" : `:\n${text}`;
  };
  switch (failure.kind) {
    case "program-missing":
      return failure.program === "uv"
        ? new UserError("uv-missing", "uv is not on the runner's PATH")
        : new UserError("command-missing", `${failure.program} is not on the runner's PATH`);
    case "exited": {
      const code = failure.phase === "import" ? "import-failed" : "environment-failed";
      const how = describeExit(failure.exit);
      return new UserError(code, `The worker ended with ${how} before it was ready${said(failure.output)}`);
    }
    case "timed-out": {
      const seconds = failure.limitMs / 1_000;
      const message = `The worker was not ready within ${seconds} s${said(failure.output)}`;
      return failure.phase === "import"
        ? new UserError("import-timeout", message)
        : new SystemError("worker-start-timeout", message);
    }
    case "wrong-protocol":
      return new UserError(
        "worker-protocol",
        `What listens at the worker's address answered ${failure.answer}${said(failure.output)}`,
      );
  }
}
