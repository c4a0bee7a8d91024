import { createHash, hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { SystemError, UserError } from "../errors.ts";
import { type ArchiveFile, createArchiveWriter } from "./archive-writer.ts";
import { type ArtifactLimits, artifactLimits } from "./limits.ts";
import type { Manifest, ManifestEntry } from "./manifest.ts";
import { compareUtf8 } from "./path-rules.ts";
import { batchBytes, createTarBatches, type TarBatches, type TarSink } from "./tar-batches.ts";
import {
  blockBytes,
  encodeHeader,
  endOfTar,
  paddingBytes,
  type TarEntry,
  writePlainHeader,
} from "./tar-header.ts";

export interface FileToPack {
  readonly kind: "file";
  /** In the artifact: relative, with `/`. */
  readonly path: string;
  /** On disk, absolute. */
  readonly source: string;
}

export interface SymlinkToPack {
  readonly kind: "symlink";
  readonly path: string;
  readonly target: string;
}

export interface PackedTar {
  readonly manifest: Manifest;
  /** sha256 of the uncompressed tar, lower-case hex: the content's address. */
  readonly digest: string;
  readonly tarSizeBytes: number;
}

export interface PackedArtifact extends PackedTar {
  readonly archive: ArchiveFile;
}

/** How often the event loop gets a turn, in which the compressor is handed its next batch: about every millisecond. */
const filesPerTurn = 64;

interface Packing {
  readonly tar: TarBatches;
  readonly limits: ArtifactLimits;
}

/**
 * Packs files into a `.tar.zst`, as `packTar` does. The archive appears at its path only when it is whole. Memory
 * stays at some MiB, whatever the size of the tar.
 *
 * @param files In byte order of their paths, as `selectFiles` gives them.
 * @param archivePath Absolute; its folder exists.
 * @throws SystemError disk-failed when the archive cannot be written, and what `packTar` throws
 */
export async function packArtifact(
  files: readonly (FileToPack | SymlinkToPack)[],
  archivePath: string,
  limits: ArtifactLimits = artifactLimits,
): Promise<PackedArtifact> {
  const writer = createArchiveWriter(archivePath, batchBytes);
  try {
    const packed = await packTar(files, writer, limits);
    return { ...packed, archive: await writer.finish() };
  } finally {
    writer.discard();
  }
}

/**
 * Packs files into a tar that is the same bytes for the same files: on any path, umask, clock, time zone and version
 * of Node. Each file is read once.
 *
 * @param files In byte order of their paths, as `selectFiles` gives them.
 * @throws UserError artifact-too-large, with the largest files
 * @throws UserError files-invalid when a file cannot be read
 * @throws SystemError files-changed when a file changes or vanishes meanwhile
 */
export async function packTar(
  files: readonly (FileToPack | SymlinkToPack)[],
  sink: TarSink,
  limits: ArtifactLimits = artifactLimits,
): Promise<PackedTar> {
  if (files.length > limits.maxFiles) {
    const message = `The artifact would hold ${files.length} files; the limit is ${limits.maxFiles}.`;
    throw new UserError("artifact-too-large", message);
  }
  const packing: Packing = { tar: createTarBatches(sink), limits };
  const manifest: ManifestEntry[] = [];
  let previous: string | undefined;
  for (const file of files) {
    if (previous !== undefined && compareUtf8(previous, file.path) >= 0) {
      throw new SystemError("internal", `${file.path} is packed after ${previous}, out of byte order.`);
    }
    previous = file.path;
    if (file.kind === "symlink") manifest.push(await packSymlink(file, packing));
    // Without a promise for each file, where it is small.
    else manifest.push(packSmallFile(file, packing) ?? (await packFile(file, packing)));
    if (manifest.length % filesPerTurn === 0) await setImmediate();
    if (packing.tar.sizeBytes + endOfTar.length > limits.maxTarSizeBytes) throw tarTooLarge(files, limits);
  }
  await put(endOfTar, packing.tar);
  const { digest, sizeBytes } = await packing.tar.finish();
  return { manifest, digest, tarSizeBytes: sizeBytes };
}

async function packSymlink({ path, target }: SymlinkToPack, packing: Packing): Promise<ManifestEntry> {
  await put(await encodeHeader({ kind: "symlink", path, target }), packing.tar);
  return { kind: "symlink", path, mode: 0o777, target };
}

/** @returns undefined, with nothing written, where the file does not fit into what is left of the batch, or its name into one block. */
function packSmallFile(file: FileToPack, { tar, limits }: Packing): ManifestEntry | undefined {
  const descriptor = openSource(file);
  try {
    const stats = fstatSync(descriptor);
    const { mode, sizeBytes } = checkStats(file, stats, limits);
    if (blockBytes + roomFor(sizeBytes) > tar.free) return undefined;
    if (!writePlainHeader({ kind: "file", path: file.path, mode, sizeBytes }, tar.buffer, tar.used)) {
      return undefined;
    }
    tar.advance(blockBytes);
    const sha256 = readWhole(file, descriptor, sizeBytes, tar);
    return { kind: "file", path: file.path, mode, sizeBytes, sha256 };
  } finally {
    closeSync(descriptor);
  }
}

function checkStats(
  file: FileToPack,
  stats: Stats,
  { maxFileSizeBytes }: ArtifactLimits,
): { readonly mode: 0o644 | 0o755; readonly sizeBytes: number } {
  if (!stats.isFile()) throw changed(file, "is no longer a file");
  const { size: sizeBytes } = stats;
  if (sizeBytes > maxFileSizeBytes) {
    const message = `${file.path} has ${readable(sizeBytes)}; a file may have ${readable(maxFileSizeBytes)}.`;
    throw new UserError("artifact-too-large", message);
  }
  return { mode: (stats.mode & 0o100) === 0 ? 0o644 : 0o755, sizeBytes };
}

/** One byte more than the file had would show that it has grown. */
function roomFor(sizeBytes: number): number {
  return sizeBytes + Math.max(paddingBytes(sizeBytes), 1);
}

async function packFile(file: FileToPack, packing: Packing): Promise<ManifestEntry> {
  const { tar, limits } = packing;
  const descriptor = openSource(file);
  try {
    const stats = fstatSync(descriptor);
    const { mode, sizeBytes } = checkStats(file, stats, limits);
    const entry: TarEntry = { kind: "file", path: file.path, mode, sizeBytes };
    if (tar.free < blockBytes) await tar.flush();
    if (writePlainHeader(entry, tar.buffer, tar.used)) tar.advance(blockBytes);
    else await put(await encodeHeader(entry), tar);
    const room = roomFor(sizeBytes);
    if (room > tar.free && room <= batchBytes) await tar.flush();
    const sha256 =
      room <= tar.free
        ? readWhole(file, descriptor, sizeBytes, tar)
        : await readInPieces(file, descriptor, stats, tar);
    return { kind: "file", path: file.path, mode, sizeBytes, sha256 };
  } finally {
    closeSync(descriptor);
  }
}

function readWhole(file: FileToPack, descriptor: number, sizeBytes: number, tar: TarBatches): string {
  const { buffer, used } = tar;
  const end = used + sizeBytes;
  let at = used;
  while (at < end) {
    const read = readSync(descriptor, buffer, at, end - at + 1, null);
    if (read === 0) break;
    at += read;
  }
  if (at !== end) throw changed(file, "changed while it was packed");
  const sha256 = hash("sha256", buffer.subarray(used, end));
  const padding = paddingBytes(sizeBytes);
  buffer.fill(0, end, end + padding);
  tar.advance(sizeBytes + padding);
  return sha256;
}

/** For what is larger than a batch: batches go on while the file is read, and its time of change is looked at again. */
async function readInPieces(
  file: FileToPack,
  descriptor: number,
  before: Stats,
  tar: TarBatches,
): Promise<string> {
  const sha256 = createHash("sha256");
  for (let left = before.size; left > 0; ) {
    if (tar.free === 0) await tar.flush();
    const read = readSync(descriptor, tar.buffer, tar.used, Math.min(tar.free, left), null);
    if (read === 0) throw changed(file, "changed while it was packed");
    sha256.update(tar.buffer.subarray(tar.used, tar.used + read));
    tar.advance(read);
    left -= read;
  }
  const after = fstatSync(descriptor);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
    throw changed(file, "changed while it was packed");
  }
  await put(endOfTar.subarray(0, paddingBytes(before.size)), tar);
  return sha256.digest("hex");
}

async function put(bytes: Uint8Array, tar: TarBatches): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    if (tar.free === 0) await tar.flush();
    const piece = bytes.subarray(done, done + tar.free);
    tar.buffer.set(piece, tar.used);
    tar.advance(piece.length);
    done += piece.length;
  }
}

/** A symlink or a pipe may have taken the file's place: neither is followed or waited for. Windows has no such flags. */
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const goneCodes = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EMLINK", "ENXIO", "EISDIR"]);

function openSource(file: FileToPack): number {
  try {
    return openSync(file.source, openFlags);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (goneCodes.has(code)) throw changed(file, "vanished or was replaced", cause);
    throw new UserError("files-invalid", `${file.path} cannot be read: ${code}.`, { cause });
  }
}

function changed(file: FileToPack, how: string, cause?: unknown): SystemError {
  return new SystemError("files-changed", `${file.path} ${how}.`, { cause });
}

function tarTooLarge(files: readonly (FileToPack | SymlinkToPack)[], limits: ArtifactLimits): UserError {
  const sizes = files.map((file) => ({
    path: file.path,
    sizeBytes: file.kind === "file" ? (statSync(file.source, { throwIfNoEntry: false })?.size ?? 0) : 0,
  }));
  sizes.sort((a, b) => b.sizeBytes - a.sizeBytes);
  const problems = sizes
    .slice(0, 10)
    .map(({ path, sizeBytes }) => ({ message: `${path} has ${readable(sizeBytes)}` }));
  const message = `The artifact would have more than ${readable(limits.maxTarSizeBytes)}. Its largest files:`;
  return new UserError("artifact-too-large", message, { problems });
}

function readable(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
