import { createReadStream } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fingerprint, formatVersion } from "../artifact/fingerprint.ts";
import { packArtifact } from "../artifact/pack.ts";
import { unpackArtifact } from "../artifact/unpack.ts";
import type { Log } from "../log.ts";
import type { Project } from "../project/project.ts";
import { selectFiles } from "../project/select.ts";
import { archiveName } from "../project/selection.ts";
import type { Environment } from "../worker/environment.ts";
import type { StartProgress } from "../worker/start-failure.ts";
import { workerCommand } from "../worker/start-worker.ts";
import { createWatchdog } from "../worker/watchdog.ts";
import type { Build } from "./build.ts";
import { type DiscoveryLimits, discoverTasks, discoveryLimits } from "./discover.ts";

export interface BuildOptions {
  /** Absolute; made when it is not there. The archive and build.json are written into it. */
  readonly outputFolder: string;
  /** Ours; the worker gets what of it is no secret. */
  readonly env: Environment;
  readonly log: Log;
  /** Aborting rejects with the signal's reason, with nothing left running and no temporary folder. */
  readonly signal: AbortSignal;
  readonly limits?: DiscoveryLimits;
}

/** Beside the archive: the Build as JSON. There is none while a build runs or after one that failed. */
const buildFileName = "build.json";

/**
 * Packs a project and proves the artifact: its worker is started inside it, outside the checkout, and
 * says which tasks it has.
 *
 * @throws ReleaseError of choosing, packing, starting or checking
 */
export async function buildProject(project: Project, options: BuildOptions): Promise<Build> {
  const { outputFolder, log, signal } = options;
  signal.throwIfAborted();
  const startedAt = performance.now();
  const { files, notices } = await selectFiles(project);
  await mkdir(outputFolder, { recursive: true });
  await rm(join(outputFolder, buildFileName), { force: true });
  const packed = await packArtifact(files, join(outputFolder, archiveName(project.slug)));
  const packedAt = performance.now();
  log.info(`Packed ${packed.manifest.length} files, ${packed.tarSizeBytes} bytes, digest ${packed.digest}`);
  signal.throwIfAborted();
  const discovery = await discoverIn(project, packed, options);
  const discoverMs = Math.round(performance.now() - packedAt);
  const found = discovery.tasks.length === 1 ? "one task" : `${discovery.tasks.length} tasks`;
  log.info(`Found ${found} in ${discoverMs} ms`);
  const { manifest, digest, archive, tarSizeBytes } = packed;
  const { entrypoint, slug } = project;
  const build: Build = {
    formatVersion,
    slug,
    entrypoint,
    manifest,
    digest,
    fingerprint: fingerprint({ manifest, entrypoint, tasks: discovery.tasks }),
    tasks: discovery.tasks,
    archive,
    measured: { tarSizeBytes, packMs: Math.round(packedAt - startedAt), discoverMs },
    notices: [...notices, ...discovery.notices],
  };
  await writeBuildFile(outputFolder, build);
  return build;
}

type Packed = Awaited<ReturnType<typeof packArtifact>>;

async function discoverIn(project: Project, packed: Packed, { env, log, signal, limits }: BuildOptions) {
  const watchdog = createWatchdog();
  const scratch = await watchdog.makeFolder(tmpdir());
  try {
    const folder = join(scratch, "artifact");
    await unpackArtifact(createReadStream(packed.archive.path), folder, { digest: packed.digest });
    signal.throwIfAborted();
    const locked = packed.manifest.some((entry) => entry.path === "uv.lock");
    log.info(`Starting the worker in the artifact: ${workerCommand(project.entrypoint, locked).join(" ")}`);
    return await discoverTasks({
      project,
      folder,
      manifest: packed.manifest,
      environment: env,
      limits: limits ?? discoveryLimits,
      watchdog,
      signal,
      onProgress: (progress) => log.info(progressLine(progress)),
    });
  } finally {
    watchdog.removeFolder(scratch);
  }
}

function progressLine({ phase, elapsedMs, limitMs }: StartProgress): string {
  const doing = phase === "environment" ? "Preparing the environment" : "Importing the project's module";
  return `${doing}: ${Math.round(elapsedMs / 1000)} s of at most ${Math.round(limitMs / 1000)} s`;
}

/** Whoever sees the file sees all of it. */
async function writeBuildFile(folder: string, build: Build): Promise<void> {
  const staging = join(folder, `${buildFileName}.partial`);
  await writeFile(staging, `${JSON.stringify(build, undefined, 2)}\n`);
  await rename(staging, join(folder, buildFileName));
}
