import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { join, posix } from "node:path";
import { Readable } from "node:stream";
import { messageOf, SystemError, UserError } from "../errors.ts";
import { type ArtifactLimits, artifactLimits } from "./limits.ts";
import { isRefusedByWindows } from "./path-rules.ts";
import { type EntrySink, readArtifact, type VerifiedArtifact } from "./read.ts";

export interface UnpackOptions {
  /** What the content must have; lower-case hex. */
  readonly digest: string;
  readonly limits?: ArtifactLimits;
}

/**
 * Unpacks an archive into a folder. Everything is written into a folder beside it, which takes
 * its name only when all of the archive was read and its digest is the one that was asked for: whoever sees the
 * folder sees the right content, whole. Nothing is forced to the disk: after a power cut, unpack again.
 *
 * @param folder Absolute; not there yet, or empty. The folder above it exists.
 * @throws UserError artifact-invalid, artifact-too-large
 * @throws SystemError disk-failed
 */
export async function unpackArtifact(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  { digest, limits = artifactLimits }: UnpackOptions,
): Promise<VerifiedArtifact> {
  const staging = `${folder}.${randomUUID()}.partial`;
  const onDisk = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      const reason = messageOf(cause);
      throw new SystemError("disk-failed", `The artifact could not be unpacked into ${folder}: ${reason}`, {
        cause,
      });
    }
  };
  const sink = createFolderSink(staging, onDisk);
  try {
    onDisk(() => mkdirSync(staging));
    const found = await readArtifact(archive, limits, sink);
    if (found.digest !== digest) {
      throw new UserError("artifact-invalid", `The archive has the digest ${found.digest}, not ${digest}.`);
    }
    onDisk(() => {
      // Windows moves a folder onto no other, not even an empty one.
      if (existsSync(folder)) rmdirSync(folder);
      renameSync(staging, folder);
    });
    return found;
  } catch (error) {
    sink.abandon();
    // It may not have been read at all, and then nobody else closes it.
    if (archive instanceof Readable) archive.destroy();
    // What cannot be removed must not hide why.
    await rm(staging, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    throw error;
  }
}

/** The names have been checked: relative, plain, no two that could meet in one place, nothing below a symlink. */
function createFolderSink(root: string, onDisk: <T>(work: () => T) => T): EntrySink & { abandon(): void } {
  const folders = new Set<string>(["."]);
  let descriptor: number | undefined;
  let mode = 0;
  const place = (path: string): string => {
    if (process.platform === "win32" && isRefusedByWindows(path)) {
      throw new UserError(
        "artifact-invalid",
        `The archive holds ${JSON.stringify(path)}, a name Windows refuses.`,
      );
    }
    const folder = posix.dirname(path);
    if (!folders.has(folder)) {
      mkdirSync(join(root, folder), { recursive: true });
      folders.add(folder);
    }
    return join(root, path);
  };
  const close = () => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  return {
    symlink: (path, target) => onDisk(() => symlinkSync(target, place(path))),
    beginFile(path, fileMode) {
      mode = fileMode;
      descriptor = onDisk(() => openSync(place(path), createFlags, 0o600));
    },
    writeFile(chunk) {
      const file = descriptor;
      if (file === undefined) return;
      onDisk(() => {
        for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done);
      });
    },
    endFile() {
      const file = descriptor;
      if (file === undefined) return;
      // The umask has no say in what was packed.
      onDisk(() => fchmodSync(file, mode));
      close();
    },
    abandon: close,
  };
}

/** Nothing is there yet, so nothing is overwritten or followed. Windows has no O_NOFOLLOW. */
const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
