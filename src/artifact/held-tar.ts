import { type ArchiveFile, createArchiveWriter } from "./archive-writer.ts";
import { batchBytes, type TarSink } from "./tar-batches.ts";

/**
 * A tar kept in memory, because its digest decides whether an archive is needed at all: compressing costs as much as
 * everything before it, and reading the files again would let them change in between.
 */
export interface HeldTar extends TarSink {
  /** False when the tar was too large, so that nothing of it is held. */
  readonly isWhole: boolean;
  /**
   * @param path Absolute; its folder exists.
   * @throws SystemError disk-failed
   */
  writeArchive(path: string): Promise<ArchiveFile>;
}

export function createHeldTar(maxSizeBytes: number): HeldTar {
  let batches: Uint8Array[] = [];
  let sizeBytes = 0;
  return {
    get isWhole() {
      return sizeBytes <= maxSizeBytes;
    },
    get keepsBatches() {
      return sizeBytes <= maxSizeBytes;
    },
    async write(batch) {
      sizeBytes += batch.length;
      if (sizeBytes <= maxSizeBytes) batches.push(batch);
      else batches = [];
    },
    async writeArchive(path) {
      const writer = createArchiveWriter(path, batchBytes);
      try {
        for (const batch of batches) await writer.write(batch);
        return await writer.finish();
      } finally {
        writer.discard();
      }
    },
  };
}
