import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArchiveFile } from "../artifact/archive-writer.ts";
import { fingerprint, formatVersion } from "../artifact/fingerprint.ts";
import { unpackArtifact } from "../artifact/unpack.ts";
import type { Log } from "../log.ts";
import type { Project } from "../project/project.ts";
import type { Environment } from "../worker/environment.ts";
import type { StartProgress } from "../worker/start-failure.ts";
import { workerCommand } from "../worker/start-worker.ts";
import { createWatchdog } from "../worker/watchdog.ts";
import type { Build, ProvenBuild } from "./build.ts";
import { buildFileName, writeBuildFile } from "./build-file.ts";
import { type Discovery, type DiscoveryLimits, discoverTasks, discoveryLimits } from "./discover.ts";
import { type PackedProject, packProject } from "./pack-project.ts";

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

/**
 * Packs a project and proves the artifact. Nothing is left running.
 *
 * @throws ReleaseError of choosing, packing, starting or checking
 */
export async function buildProject(project: Project, options: BuildOptions): Promise<Build> {
  options.signal.throwIfAborted();
  const { build, settled } = await buildPacked(await packProject(project, options.outputFolder), options);
  return { ...build, notices: [...build.notices, ...(await settled)] };
}

/**
 * Writes the archive and proves it: the worker is started inside the artifact, outside the checkout, and says which
 * tasks it has.
 *
 * @throws ReleaseError of writing, starting or checking
 */
export async function buildPacked(packed: PackedProject, options: BuildOptions): Promise<ProvenBuild> {
  const { outputFolder, log, signal } = options;
  const { project, manifest, digest, measured } = packed;
  const { entrypoint, slug } = project;
  await rm(join(outputFolder, buildFileName), { force: true });
  const archive = await packed.writeArchive();
  log.info(`Packed ${manifest.length} files, ${measured.tarSizeBytes} bytes, digest ${digest}`);
  signal.throwIfAborted();
  const startedAt = performance.now();
  const discovery = await discoverIn(packed, archive, options);
  const discoverMs = Math.round(performance.now() - startedAt);
  const found = discovery.tasks.length === 1 ? "one task" : `${discovery.tasks.length} tasks`;
  log.info(`Found ${found} in ${discoverMs} ms`);
  const build: Build = {
    formatVersion,
    slug,
    entrypoint,
    manifest,
    digest,
    fingerprint: fingerprint({ manifest, entrypoint, tasks: discovery.tasks }),
    tasks: discovery.tasks,
    contract: discovery.contract,
    archive,
    measured: { ...measured, discoverMs },
    notices: [...packed.notices, ...discovery.notices],
  };
  try {
    await writeBuildFile(outputFolder, build);
  } catch (error) {
    await discovery.ended;
    throw error;
  }
  return { build, settled: discovery.ended };
}

async function discoverIn(
  { project, manifest, digest }: PackedProject,
  archive: ArchiveFile,
  { env, log, signal, limits }: BuildOptions,
): Promise<Discovery> {
  const watchdog = createWatchdog();
  const scratch = await watchdog.makeFolder(tmpdir());
  const removeScratch = () => watchdog.removeFolder(scratch);
  try {
    const folder = join(scratch, "artifact");
    await unpackArtifact(createReadStream(archive.path), folder, { digest });
    signal.throwIfAborted();
    const locked = manifest.some((entry) => entry.path === "uv.lock");
    log.info(`Starting the worker in the artifact: ${workerCommand(project.entrypoint, locked).join(" ")}`);
    const discovery = await discoverTasks({
      project,
      folder,
      manifest,
      environment: env,
      limits: limits ?? discoveryLimits,
      watchdog,
      signal,
      onProgress: (progress) => log.info(progressLine(progress)),
    });
    void discovery.ended.then(removeScratch);
    return discovery;
  } catch (error) {
    removeScratch();
    throw error;
  }
}

function progressLine({ phase, elapsedMs, limitMs }: StartProgress): string {
  const doing = phase === "environment" ? "Preparing the environment" : "Importing the project's module";
  return `${doing}: ${Math.round(elapsedMs / 1000)} s of at most ${Math.round(limitMs / 1000)} s`;
}
