import { artifactLimits } from "../artifact/limits.ts";
import { compareManifests } from "../artifact/manifest-changes.ts";
import type { ContentChanges } from "../build/cached-build.ts";
import type { PackedProject } from "../build/pack-project.ts";
import type { DeployedRelease } from "./deploy-plan.ts";
import type { ReleaseApi } from "./release-api.ts";

/** An explanation is not worth more traffic. */
const maxDownloadBytes = 32 * 1024 * 1024;

/**
 * Compares with a release by its artifact, because its record has the names of the files and not their content.
 * Answers undefined where that cannot be had: it is an explanation, and no run fails for want of one.
 */
export async function changesSince(
  api: ReleaseApi,
  release: DeployedRelease,
  packed: PackedProject,
  signal: AbortSignal,
): Promise<ContentChanges | undefined> {
  try {
    const { archive } = await api.downloadArtifact(release.digest, maxDownloadBytes, signal);
    const { readArtifact } = await import("../artifact/read.ts");
    const limits = { ...artifactLimits, maxArchiveSizeBytes: maxDownloadBytes };
    const { manifest } = await readArtifact(archive, limits, undefined);
    return { since: { kind: "release", id: release.id }, ...compareManifests(manifest, packed.manifest) };
  } catch {
    return undefined;
  }
}
