import type { PackedProject } from "../build/pack-project.ts";
import { messageOf } from "../errors.ts";
import type { Rollout } from "../release/clusters.ts";
import type { ContentLookup } from "../release/published-content.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import type { StageDeps } from "./stage.ts";

/**
 * The release that has this content: by the server's digests, or by what is recorded of these clusters' deployments.
 *
 * @param options `mustFind`: there is no other way, so that records which cannot be read are a failure.
 */
export async function lookUp(
  api: ReleaseApi,
  packed: PackedProject,
  { dev, production }: Rollout,
  options: { readonly mustFind: boolean },
  { signal, log, deploymentRecords }: Pick<StageDeps, "signal" | "log" | "deploymentRecords">,
): Promise<ContentLookup> {
  // Loaded here with the wire's messages, which a check does not need.
  const { lookUpContent } = await import("../release/published-content.ts");
  const { recordedReleases } = await import("../release/recorded-content.ts");
  const { digest, project } = packed;
  const content = { workflow: project.slug, clusters: [...dev, ...production], digest };
  return await lookUpContent(api, packed, signal, async () => {
    try {
      return await recordedReleases(api, deploymentRecords(api), content, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (options.mustFind) throw error;
      const why = messageOf(error);
      log.info(`Not looked for among the releases, so it is built: ${why}`);
      return new Set();
    }
  });
}
