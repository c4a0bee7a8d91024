/** What a rehearsal runs on: a control plane in this process, the release deployed on it, and a runner. */
import { randomBytes } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { ApiClient } from "../api/client.ts";
import type { JobExplanation } from "../api/explain-job.ts";
import type { ID } from "../api/gen/tilebox/v1/id_pb.ts";
import { verifyArchive } from "../artifact/verify.ts";
import type { Build } from "../build/build.ts";
import { idFromBytes } from "../engine/id.ts";
import { SystemError } from "../errors.ts";
import type { Log } from "../log.ts";
import { publishBuild } from "../release/publish.ts";
import { releaseIdBytes } from "../release/release-id.ts";
import { eventLine } from "../runner/event-text.ts";
import type { RunnerEvent } from "../runner/events.ts";
import { type OpenedRunner, openRunner, runnerLimits } from "../runner/open-runner.ts";
import { filesFolderOf } from "../runner/release-folders.ts";
import { createKey } from "../server/auth.ts";
import { type ControlPlane, openControlPlane } from "../server/control-plane.ts";
import { withoutSecrets } from "../worker/environment.ts";
import type { Watchdog } from "../worker/watchdog.ts";

export interface RehearsalStage extends AsyncDisposable {
  /** In process; it may do everything. */
  readonly api: ApiClient;
  readonly runner: OpenedRunner;
  /** Rejects when the release cannot be loaded; never fulfilled. */
  readonly broken: Promise<never>;
  /** Fulfilled when the release is loaded; it may never be. */
  readonly loaded: Promise<void>;
  /** Why queued tasks are not being claimed. */
  explain(jobId: ID): Promise<JobExplanation>;
  /** Where the release is unpacked, as Python names it. */
  filesFolder(): Promise<string>;
}

export interface StageOptions {
  readonly build: Build;
  readonly concurrency: number;
  /** Absolute; for everything that is written. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly watchdog: Watchdog;
  readonly signal: AbortSignal;
}

/** Nobody else uses it: what is still under way is our own. */
const closeMs = 1_000;

export async function openStage(options: StageOptions): Promise<RehearsalStage> {
  const { build, folder } = options;
  await using stack = new AsyncDisposableStack();
  const plane = await openControlPlane({
    dataFolder: join(folder, "control-plane"),
    clock: Date.now,
    random: (sizeBytes) => randomBytes(sizeBytes),
    verify: verifyArchive,
    report: ({ what, error }) => options.log.warning(`${what} failed: ${error}`),
  });
  stack.defer(() => plane.close(closeMs));
  const api = stack.use(await plane.connect("rehearsal"));
  await release(api, options);
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  const loaded = Promise.withResolvers<void>();
  const onEvent = (event: RunnerEvent): void => {
    if (event.kind === "release-broken") broken.reject(event.error);
    if (event.kind === "worker-ready") loaded.resolve();
    logEvent(options.log, event);
  };
  const runner = stack.use(await openStageRunner(options, plane, onEvent));
  const owned = stack.move();
  return {
    api,
    runner,
    broken: broken.promise,
    loaded: loaded.promise,
    explain: ({ uuid }) => {
      const id = idFromBytes<"job">(uuid);
      if (id === undefined) throw new SystemError("internal", "A job without an id was submitted");
      return plane.explainJob(id);
    },
    filesFolder: () => {
      const files = filesFolderOf(join(folder, "runner"), build.digest);
      return realpath(files).catch(() => files);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function release(api: ApiClient, { build, log, signal }: StageOptions): Promise<void> {
  const quiet: Log = { ...log, info: () => {} };
  const { id } = await publishBuild(api, build, { createWorkflow: true, signal, log: quiet });
  const uuid = releaseIdBytes(id);
  if (uuid === undefined) throw new SystemError("internal", "A release without an id was published");
  await api.workflows.deployWorkflowRelease(
    { workflowSlug: build.slug, releaseId: { uuid }, clusterSlugs: [] },
    { signal },
  );
}

/** Over loopback, because that is how workers reach a control plane; with a key, because others can too. */
async function openStageRunner(
  options: StageOptions,
  plane: ControlPlane,
  onEvent: (event: RunnerEvent) => void,
): Promise<OpenedRunner> {
  const { folder, watchdog, env } = options;
  const random = (sizeBytes: number) => randomBytes(sizeBytes);
  const { secret } = await createKey(plane.store.keys, { name: "runner", role: "runner" }, random);
  const { addresses } = await plane.listen([{ kind: "tcp", host: "127.0.0.1", port: 0 }], "keys");
  const [address] = addresses;
  if (address?.kind !== "tcp") throw new SystemError("internal", "The rehearsal has no address");
  return await openRunner({
    url: `http://127.0.0.1:${address.port}`,
    apiKey: secret,
    cluster: "",
    concurrency: options.concurrency,
    stopWhenIdling: false,
    limits: runnerLimits(availableParallelism()),
    dataFolder: join(folder, "runner"),
    maxDiskBytes: Number.POSITIVE_INFINITY,
    environment: { ...withoutSecrets(env), ...(await ownTemporaryFolder(folder)) },
    watchdog,
    random,
    onEvent,
  });
}

/** What tasks and uv leave in the temporary folder goes with the rehearsal. Windows reads the other two. */
async function ownTemporaryFolder(folder: string): Promise<Record<"TMPDIR" | "TMP" | "TEMP", string>> {
  const temporary = join(folder, "tmp");
  await mkdir(temporary);
  return { TMPDIR: temporary, TMP: temporary, TEMP: temporary };
}

/** A release that cannot be loaded is told as the rehearsal's own failure. */
function logEvent(log: Log, event: RunnerEvent): void {
  if (event.kind === "release-broken") return;
  const { level, text } = eventLine(event);
  if (level === "warning") log.warning(text);
  else if (level === "info") log.info(text);
}
