import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { messageOf, ReleaseError, SystemError, UserError } from "../../errors.ts";
import { requireKnown } from "../../store/sql/migration.ts";
import { migrations } from "../../store/sql/schema.ts";
import { databaseFile, lockFile, makeDataFolder, syncFile, syncFolder } from "../../store/sqlite/database.ts";
import { dataFolderBusy, tryLock } from "../../store/sqlite/lock.ts";
import { openSnapshot } from "../../store/sqlite/snapshot.ts";
import { type BlobStore, openFileBlobs, readFileBlobs } from "../blobs.ts";
import { copyBlobs, sha256Of } from "../copy-blobs.ts";
import { digestFile, type FoundBackup, findBackup, snapshotFile } from "./manifest.ts";

interface RestoreOptions {
  /** A backup, or a place of several, of which the newest is taken. */
  readonly from: string;
  /** Made when it is missing; must be empty. */
  readonly dataFolder: string;
  /** Where the artifacts go when they do not lie in the data folder. */
  readonly artifacts: BlobStore | undefined;
}

/** What a killed restore leaves is this folder and the lock, and the next one begins anew. */
const stagingFolder = "restoring";

/**
 * Makes a data folder from a backup. Everything is copied and verified before anything has the name that a
 * control plane looks for; the database gets its name last, by one rename. No control plane starts on the
 * folder meanwhile. Throws backup-invalid, folder-not-empty, store-newer, store-busy, store-failed.
 */
export async function restore({ from, dataFolder, artifacts }: RestoreOptions): Promise<FoundBackup> {
  const backup = await findBackup(from);
  requireKnown(backup.manifest.schema, migrations);
  await requireEmpty(dataFolder);
  makeDataFolder(dataFolder);
  using lock = tryLock(join(dataFolder, lockFile), 0);
  if (lock === undefined) throw dataFolderBusy(dataFolder);
  const staging = join(dataFolder, stagingFolder);
  try {
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o700 });
    await copyDatabase(backup, join(staging, databaseFile));
    await copyArtifacts(backup, artifacts ?? (await openFileBlobs(join(staging, "artifacts"))));
    syncFolder(staging);
    if (artifacts === undefined) await rename(join(staging, "artifacts"), join(dataFolder, "artifacts"));
    await rename(join(staging, databaseFile), join(dataFolder, databaseFile));
    await rm(staging, { recursive: true });
    syncFolder(dataFolder);
    return backup;
  } catch (cause) {
    await rm(staging, { recursive: true, force: true }).catch(() => {});
    if (cause instanceof ReleaseError) throw cause;
    const why = messageOf(cause);
    throw new SystemError("store-failed", `Restoring into ${dataFolder} failed: ${why}`, { cause });
  }
}

async function requireEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw new SystemError("store-failed", `The folder ${folder} cannot be read: ${cause.message}`, { cause });
  });
  // A file system of its own has lost+found from the beginning.
  const ours = [stagingFolder, lockFile, "lost+found"];
  const others = entries.filter((name) => !ours.includes(name));
  if (others.length === 0) return;
  throw new UserError("folder-not-empty", `The folder ${folder} is not empty: it has ${others.join(", ")}`);
}

async function copyDatabase({ folder, manifest }: FoundBackup, target: string): Promise<void> {
  const source = join(folder, snapshotFile);
  await copyFile(source, target).catch((cause: unknown) => {
    throw invalid(folder, `${snapshotFile} cannot be read`, cause);
  });
  if (!isDeepStrictEqual(await digestFile(target), manifest.database)) {
    throw invalid(folder, `${snapshotFile} has other bytes than were written`);
  }
  syncFile(target);
  using database = openSnapshot(target);
  database.check();
  if (!isDeepStrictEqual(database.countRows(), manifest.rows)) {
    throw invalid(folder, `${snapshotFile} has other rows than were counted`);
  }
  const listed = new Set(manifest.artifacts.map(({ sha256 }) => sha256));
  if (!database.artifacts().every(({ archiveSha256 }) => listed.has(archiveSha256))) {
    throw invalid(folder, `${snapshotFile} names artifacts that are not in the backup`);
  }
}

async function copyArtifacts({ folder, artifacts, manifest }: FoundBackup, to: BlobStore): Promise<void> {
  const from = readFileBlobs(artifacts);
  const names = manifest.artifacts.map(({ sha256 }) => sha256);
  for (const sha256 of names) {
    if (!(await from.has(sha256))) throw invalid(folder, `the artifact's file ${sha256} is missing`);
    const found = await sha256Of(await from.read(sha256));
    if (found !== sha256)
      throw invalid(folder, `the artifact's file ${sha256} has other bytes than were written`);
  }
  await copyBlobs(names, from, to);
}

function invalid(folder: string, what: string, cause?: unknown): UserError {
  return new UserError("backup-invalid", `The backup ${folder} cannot be restored: ${what}`, { cause });
}
