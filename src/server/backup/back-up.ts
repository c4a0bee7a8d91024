import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../engine/id.ts";
import { messageOf, ReleaseError, SystemError } from "../../errors.ts";
import { makeDataFolder, syncFile, syncFolder } from "../../store/sqlite/database.ts";
import { tryLock } from "../../store/sqlite/lock.ts";
import {
  openSnapshot,
  type Snapshot,
  type SnapshotArtifact,
  takeSnapshot,
} from "../../store/sqlite/snapshot.ts";
import { version } from "../../version.ts";
import { type BlobSource, type BlobStore, openFileBlobs } from "../blobs.ts";
import { copyBlob } from "../copy-blobs.ts";
import {
  artifactsFolder,
  type BackupManifest,
  backupName,
  digestFile,
  type FileDigest,
  format,
  manifestFile,
  manifestText,
  snapshotFile,
} from "./manifest.ts";

interface BackUpOptions {
  readonly dataFolder: string;
  /** The artifacts of the control plane, which may be adding some just now. */
  readonly artifacts: BlobSource;
  /** Made when it is missing; holds the backups that were made before, too. */
  readonly place: string;
  readonly clock: Clock;
}

export interface BackUpResult {
  readonly folder: string;
  readonly manifest: BackupManifest;
  /** What earlier backups did not have. */
  readonly copied: { readonly artifacts: number; readonly sizeBytes: number };
}

/** How the names of what is being written begin, which is no backup. */
const unfinished = "unfinished-";

/**
 * Copies the data of a control plane, which may serve meanwhile: first the database as it is at one moment,
 * then the artifacts that it names. They were there before it named them, and what a release names stays.
 * Throws data-not-found, store-newer, store-busy, store-failed.
 */
export async function backUp({ dataFolder, artifacts, place, clock }: BackUpOptions): Promise<BackUpResult> {
  makeDataFolder(place);
  using lock = tryLock(join(place, "backup.lock"), 0);
  if (lock === undefined) throw new SystemError("store-busy", `Another backup is being written to ${place}`);
  const begunAtMs = clock();
  const folder = join(place, backupName(begunAtMs));
  try {
    const staging = await openStaging(place, begunAtMs);
    const database = join(staging, snapshotFile);
    takeSnapshot(dataFolder, database);
    const { copied, ...contents } = await completeSnapshot(database, artifacts, place);
    syncFile(database);
    const begunAt = new Date(begunAtMs).toISOString();
    const manifest = { format, version, begunAt, database: await digestFile(database), ...contents };
    await writeFile(join(staging, manifestFile), manifestText(manifest));
    syncFile(join(staging, manifestFile));
    syncFolder(staging);
    await rename(staging, folder);
    syncFolder(place);
    return { folder, manifest, copied };
  } catch (cause) {
    await removeUnfinished(place).catch(() => {});
    if (cause instanceof ReleaseError) throw cause;
    const why = messageOf(cause);
    throw new SystemError("store-failed", `The backup to ${place} failed: ${why}`, { cause });
  }
}

async function openStaging(place: string, begunAtMs: number): Promise<string> {
  await removeUnfinished(place);
  const staging = join(place, `${unfinished}${backupName(begunAtMs)}`);
  await mkdir(staging, { mode: 0o700 });
  return staging;
}

/** What this backup or a killed one leaves. The place's lock says that there is no other. */
async function removeUnfinished(place: string): Promise<void> {
  for (const name of await readdir(place)) {
    if (name.startsWith(unfinished)) await rm(join(place, name), { recursive: true, force: true });
  }
}

/** Copies the artifacts that the database names, and says what both hold. */
async function completeSnapshot(path: string, artifacts: BlobSource, place: string) {
  using snapshot = openSnapshot(path);
  const copied = await copyArtifacts(snapshot, artifacts, await openFileBlobs(join(place, artifactsFolder)));
  snapshot.check();
  return {
    copied: {
      artifacts: copied.length,
      sizeBytes: copied.reduce((sum, { archiveSizeBytes }) => sum + archiveSizeBytes, 0),
    },
    schema: snapshot.schema,
    rows: snapshot.countRows(),
    artifacts: snapshot.artifacts().map(toFileDigest),
  };
}

function toFileDigest({ archiveSha256, archiveSizeBytes }: SnapshotArtifact): FileDigest {
  return { sha256: archiveSha256, sizeBytes: archiveSizeBytes };
}

async function copyArtifacts(snapshot: Snapshot, from: BlobSource, to: BlobStore) {
  const missing: SnapshotArtifact[] = [];
  const copied: SnapshotArtifact[] = [];
  for (const artifact of snapshot.artifacts()) {
    const { archiveSha256 } = artifact;
    if (await to.has(archiveSha256)) continue;
    if (!(await from.has(archiveSha256))) {
      missing.push(artifact);
      continue;
    }
    await copyBlob(archiveSha256, from, to);
    copied.push(artifact);
  }
  const lost = missing.filter(({ released }) => released);
  if (lost.length > 0) {
    throw new SystemError("store-failed", "Releases name artifacts whose files are missing", {
      problems: lost.map(({ digest }) => ({ message: `The file of the artifact ${digest} is missing` })),
      next: "Publish these releases again, which uploads their artifacts, or unpublish them.",
    });
  }
  // Uploads that no release names may go at any time, and without its bytes a record is of no use.
  snapshot.forgetArtifacts(missing.map(({ archiveSha256 }) => archiveSha256));
  return copied;
}
