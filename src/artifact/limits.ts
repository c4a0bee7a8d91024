/** How much an artifact may hold. Packing, receiving and unpacking apply the same figures. */
export interface ArtifactLimits {
  readonly maxFiles: number;
  readonly maxFileSizeBytes: number;
  /** Of the uncompressed tar, headers and padding included. */
  readonly maxTarSizeBytes: number;
  /** Of the `.tar.zst`. */
  readonly maxArchiveSizeBytes: number;
}

const mebibyte = 1024 * 1024;

/**
 * A release holds code, lock files and small configuration; models and data are fetched at run time. The
 * largest code bases pack to a few hundred MiB, so these figures stop what was included by mistake
 * (a checkpoint, a data folder, a virtual environment) and bound what a server or a runner must hold.
 */
export const artifactLimits: ArtifactLimits = {
  /** An environment of 50,000 files that was meant to be ignored passes; a data set of many small files does not. */
  maxFiles: 200_000,
  maxFileSizeBytes: 256 * mebibyte,
  maxTarSizeBytes: 1024 * mebibyte,
  /** What zstd cannot compress grows by its block headers, far less than this margin. */
  maxArchiveSizeBytes: 1024 * mebibyte + 16 * mebibyte,
};
