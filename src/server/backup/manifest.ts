/**
 * A place for backups: one folder a backup, named by its time, and one folder of artifacts for all of them,
 * because most are in every backup. What says that a backup is complete is its folder's name.
 *
 *   artifacts/ab/abcdef...                    files named by their sha256
 *   2026-11-24T20-10-05-123Z/database.sqlite
 *   2026-11-24T20-10-05-123Z/manifest.json    written last, before the folder gets its name
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../errors.ts";
import type { AppliedMigration } from "../../store/sql/migration.ts";

export const artifactsFolder = "artifacts";
export const snapshotFile = "database.sqlite";
export const manifestFile = "manifest.json";

/** The form of what this file describes. */
export const format = 1 as const;

export interface BackupManifest {
  readonly format: typeof format;
  /** Of workflow-release. */
  readonly version: string;
  /** Everything acknowledged before this moment is in the backup. */
  readonly begunAt: string;
  readonly schema: readonly AppliedMigration[];
  readonly database: FileDigest;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly artifacts: readonly FileDigest[];
}

export interface FileDigest {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface FoundBackup {
  readonly folder: string;
  readonly name: string;
  /** The folder of artifacts that belongs to it. */
  readonly artifacts: string;
  readonly manifest: BackupManifest;
}

const nameForm = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/;

/** Names sort by time; colons and further dots are no part of a file's name everywhere. */
export function backupName(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[:.]/g, "-");
}

export function manifestText(manifest: BackupManifest): string {
  return `${JSON.stringify({ sha256: sha256OfText(JSON.stringify(manifest)), manifest }, undefined, 1)}\n`;
}

/** The backup of this folder, or the newest of a place. Throws backup-invalid. */
export async function findBackup(folder: string): Promise<FoundBackup> {
  if (nameForm.test(basename(folder))) return await readBackup(folder);
  const newest = (await listBackups(folder)).at(-1);
  if (newest === undefined) throw new UserError("backup-invalid", `There is no complete backup in ${folder}`);
  return await readBackup(join(folder, newest));
}

/** The names of the complete backups of a place, oldest first. */
export async function listBackups(place: string): Promise<string[]> {
  const entries = await readdir(place).catch((cause: unknown) => {
    throw new UserError("backup-invalid", `The folder ${place} cannot be read`, { cause });
  });
  return entries.filter((name) => nameForm.test(name)).toSorted();
}

async function readBackup(folder: string): Promise<FoundBackup> {
  const path = join(folder, manifestFile);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new UserError("backup-invalid", `The backup ${folder} has no ${manifestFile}`, { cause });
  });
  const manifest = parseManifest(text);
  if (manifest === undefined) throw new UserError("backup-invalid", `${path} is damaged`);
  if (manifest.format !== format) {
    throw new UserError("store-newer", `${path} was written by workflow-release ${manifest.version}`);
  }
  const artifacts = join(dirname(folder), artifactsFolder);
  return { folder, name: basename(folder), artifacts, manifest };
}

/** What it says is what was written: its own sha256 is the first thing in it. */
function parseManifest(text: string): BackupManifest | undefined {
  try {
    const { sha256, manifest }: { sha256: string; manifest: BackupManifest } = JSON.parse(text);
    return sha256OfText(JSON.stringify(manifest)) === sha256 ? manifest : undefined;
  } catch {
    return undefined;
  }
}

export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) hash.update(chunk);
  return { sha256: hash.digest("hex"), sizeBytes: (await stat(path)).size };
}

function sha256OfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
