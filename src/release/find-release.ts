import { UserError } from "../errors.ts";
import type { DeployedRelease } from "./deploy-plan.ts";
import type { ReleaseApi } from "./release-api.ts";
import { releaseIdBytes, toDeployedRelease } from "./release-id.ts";

export type ReleaseChoice = { readonly kind: "latest" } | { readonly kind: "id"; readonly id: string };

/**
 * The published release that was asked for; `latest` is the one that was created last.
 * @throws UserError input-invalid for text that is no id, release-not-found, workflow-not-found.
 */
export async function findRelease(
  api: ReleaseApi,
  workflowSlug: string,
  choice: ReleaseChoice,
  signal: AbortSignal,
): Promise<DeployedRelease> {
  if (choice.kind === "id" && releaseIdBytes(choice.id) === undefined) {
    throw new UserError("input-invalid", `${JSON.stringify(choice.id)} is not a release id`, {
      next: "Give the id as `workflow-release publish` printed it: 36 characters, 0199....",
    });
  }
  const workflow = await api.workflows.getWorkflow({ workflowSlug }, { signal });
  // Ids begin with the time of their making, so the greatest id is the newest release.
  const releases = workflow.releases.map(toDeployedRelease).sort((a, b) => (a.id < b.id ? 1 : -1));
  const found =
    choice.kind === "latest" ? releases[0] : releases.find(({ id }) => id === choice.id.toLowerCase());
  if (found !== undefined) return found;
  const what = choice.kind === "latest" ? "no release" : `no release ${choice.id}`;
  throw new UserError("release-not-found", `The workflow ${workflowSlug} has ${what}`);
}
