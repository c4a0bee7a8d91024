import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ArchiveFile } from "../artifact/archive-writer.ts";
import { createHeldTar } from "../artifact/held-tar.ts";
import type { Manifest } from "../artifact/manifest.ts";
import { packArtifact, packTar } from "../artifact/pack.ts";
import { SystemError } from "../errors.ts";
import { monotonicMs } from "../monotonic-clock.ts";
import type { Project } from "../project/project.ts";
import { selectFiles } from "../project/select.ts";
import { archiveName } from "../project/selection.ts";
import type { PackMeasurements } from "./build.ts";
import { buildFileName } from "./build-file.ts";

/** A project's content, known by its digest before anything is compressed, written or started. */
export interface PackedProject {
  readonly project: Project;
  readonly manifest: Manifest;
  readonly digest: string;
  readonly measured: PackMeasurements;
  readonly notices: readonly string[];
  /**
   * Writes the archive of exactly this content into the output folder.
   * @throws SystemError disk-failed, or files-changed where the files had to be read again and differ
   */
  writeArchive(): Promise<ArchiveFile>;
}

/** A larger tar is read a second time when its archive is needed; a runner of GitHub has 7 GiB and more. */
const maxHeldBytes = 256 * 1024 * 1024;

/**
 * Chooses and reads the files of a project, each once. Nothing is written.
 *
 * @param outputFolder Absolute; where `writeArchive` puts the archive.
 * @throws ReleaseError of choosing and packing
 */
export async function packProject(project: Project, outputFolder: string): Promise<PackedProject> {
  try {
    return await pack(project, outputFolder);
  } catch (error) {
    await rm(join(outputFolder, buildFileName), { force: true });
    throw error;
  }
}

async function pack(project: Project, outputFolder: string): Promise<PackedProject> {
  const startedAt = monotonicMs();
  const { files, notices } = await selectFiles(project, [join(outputFolder, buildFileName)]);
  const held = createHeldTar(maxHeldBytes);
  const { manifest, digest, tarSizeBytes } = await packTar(files, held);
  const packMs = Math.round(monotonicMs() - startedAt);
  return {
    project,
    manifest,
    digest,
    measured: { tarSizeBytes, packMs },
    notices,
    async writeArchive() {
      await mkdir(outputFolder, { recursive: true });
      const path = join(outputFolder, archiveName(project.slug));
      if (held.isWhole) return await held.writeArchive(path);
      const again = await packArtifact(files, path);
      if (again.digest === digest) return again.archive;
      await rm(path, { force: true });
      throw new SystemError("files-changed", `The files of ${project.slug} changed while they were packed.`);
    },
  };
}
