import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { ArtifactTransfer } from "../api/artifact-transfer.ts";
import { artifactLimits } from "../artifact/limits.ts";
import type { Manifest } from "../artifact/manifest.ts";
import { unpackArtifact } from "../artifact/unpack.ts";
import { verifyArchive } from "../artifact/verify.ts";

/**
 * Downloads an artifact, verifies the whole of it, and only then unpacks it.
 *
 * @param folder empty; the archive lies beside it meanwhile.
 * @throws what downloading throws; artifact-mismatch, artifact-invalid, artifact-too-large, disk-failed
 */
export async function fetchArtifact(
  api: Pick<ArtifactTransfer, "downloadArtifact">,
  digest: string,
  folder: string,
  signal: AbortSignal,
): Promise<Manifest> {
  const archivePath = `${folder}.tar.zst`;
  const { archive } = await api.downloadArtifact(digest, artifactLimits.maxArchiveSizeBytes, signal);
  try {
    await pipeline(archive, createWriteStream(archivePath), { signal });
    await verifyArchive(createReadStream(archivePath), digest);
    signal.throwIfAborted();
    return (await unpackArtifact(createReadStream(archivePath), folder, { digest })).manifest;
  } finally {
    await rm(archivePath, { force: true });
  }
}
