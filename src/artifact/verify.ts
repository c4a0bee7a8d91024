import { UserError } from "../errors.ts";
import { type ArtifactLimits, artifactLimits } from "./limits.ts";
import { readArtifact, type VerifiedArtifact } from "./read.ts";

/**
 * Reads an archive as it arrives, for one who keeps the compressed bytes: nothing of the content is kept here. Memory
 * stays at some MiB; the limits bound what a small archive may unfold to.
 *
 * @param archive The `.tar.zst`; an error of reading it is passed on as it is.
 * @param digest What the content must have; lower-case hex.
 * @throws UserError artifact-mismatch when it has another
 * @throws UserError artifact-invalid, artifact-too-large
 */
export async function verifyArchive(
  archive: AsyncIterable<Uint8Array>,
  digest: string,
  limits: ArtifactLimits = artifactLimits,
): Promise<VerifiedArtifact & { readonly fileCount: number }> {
  const found = await readArtifact(archive, limits, undefined);
  if (found.digest !== digest) {
    throw new UserError("artifact-mismatch", `The archive has the digest ${found.digest}, not ${digest}.`);
  }
  return { ...found, fileCount: found.manifest.length };
}
