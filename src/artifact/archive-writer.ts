import { createHash, randomUUID } from "node:crypto";
import { closeSync, fsync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { messageOf, SystemError } from "../errors.ts";
import type { TarSink } from "./tar-batches.ts";

/** The `.tar.zst` on disk. */
export interface ArchiveFile {
  /** Absolute path. */
  readonly path: string;
  /** Of the compressed bytes; it may differ between versions of zstd, where the digest does not. Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Compresses what it is given into a file that appears at its path only when it is whole. */
export interface ArchiveWriter extends TarSink {
  /**
   * Compresses a batch on the thread pool. One call at a time: the buffer is read until the promise is
   * fulfilled, and writes that queue up make Node end the zstd frame too early.
   */
  write(batch: Uint8Array): Promise<void>;
  /** Ends the frame, makes the file durable and moves it to its path. */
  finish(): Promise<ArchiveFile>;
  /** Removes what was written. Nothing happens after `finish`. */
  discard(): void;
}

/** zstd's own default; level 1 is a third faster for an eighth more bytes. */
const compressionLevel = 3;

/**
 * @param maxBatchBytes The output of one batch must fit into one chunk, or compression waits for the main thread.
 * @throws SystemError disk-failed
 */
export function createArchiveWriter(path: string, maxBatchBytes: number): ArchiveWriter {
  // Loaded here, because what is known already is packed and never compressed.
  const { constants, createZstdCompress } = process.getBuiltinModule("node:zlib");
  const staging = `${path}.${randomUUID()}.partial`;
  const file = onDisk(path, () => openSync(staging, "wx", 0o644));
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let open = true;
  const compressor = createZstdCompress({
    chunkSize: maxBatchBytes + Math.ceil(maxBatchBytes / 128) + 1024,
    params: {
      [constants.ZSTD_c_compressionLevel]: compressionLevel,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
  let failure: unknown;
  compressor.on("error", (error) => {
    failure ??= error;
  });
  compressor.on("data", (chunk: Buffer) => {
    try {
      hash.update(chunk);
      for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done);
      sizeBytes += chunk.length;
    } catch (error) {
      failure ??= error;
    }
  });
  return {
    keepsBatches: false,
    write: (batch) =>
      new Promise((resolve, reject) => {
        compressor.write(batch, (error) => {
          failure ??= error ?? undefined;
          if (failure === undefined) resolve();
          else reject(diskFailed(path, failure));
        });
      }),
    async finish() {
      await new Promise<void>((resolve) => compressor.once("close", resolve).end());
      if (failure !== undefined) throw diskFailed(path, failure);
      try {
        await new Promise<void>((resolve, reject) =>
          fsync(file, (error) => (error ? reject(error) : resolve())),
        );
        open = false;
        closeSync(file);
        // The folder is not forced to the disk: an archive that a power cut takes away is built again, while one
        // that is there must be whole.
        renameSync(staging, path);
      } catch (error) {
        throw diskFailed(path, error);
      }
      return { path, sha256: hash.digest("hex"), sizeBytes };
    },
    discard() {
      compressor.destroy();
      if (open) closeSync(file);
      open = false;
      rmSync(staging, { force: true });
    },
  };
}

function onDisk<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskFailed(path, error);
  }
}

function diskFailed(path: string, cause: unknown): SystemError {
  const reason = messageOf(cause);
  return new SystemError("disk-failed", `${path} could not be written: ${reason}`, { cause });
}
