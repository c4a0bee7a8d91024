import { withVersion } from "../../engine/task-version.ts";
import { treeFiles } from "../file-tree.ts";
import { toDeployedRelease } from "../release-id.ts";
import type { GateContext } from "./gate.ts";
import { GateFailed } from "./gate-failed.ts";
import type { DeployedContent } from "./gate-run.ts";
import { waitUntil } from "./wait.ts";

/**
 * What the release is made of, read from the cluster that has it.
 *
 * @throws GateFailed release-replaced when the cluster has another release of the workflow by now, or none
 */
export async function requireDeployed(
  context: GateContext,
  wait: { readonly title: string; readonly untilMs: number },
): Promise<DeployedContent> {
  const { api, cluster, workflow, release, signal } = context;
  const look = async () => {
    const { deployedReleases } = await api.workflows.getCluster({ clusterSlug: cluster }, { signal });
    const [found] = deployedReleases.find(({ slug }) => slug === workflow)?.releases ?? [];
    const id = found === undefined ? undefined : toDeployedRelease(found).id;
    if (found === undefined || id !== release.id) {
      throw new GateFailed(
        "release-replaced",
        `${cluster} has ${id === undefined ? "no release" : `release ${id}`} of ${workflow}, not ${release.id}`,
        { next: "Somebody else has deployed or undeployed meanwhile; the cluster was left as it is." },
      );
    }
    const { tasks = [], files = [] } = found.content ?? {};
    return {
      kind: "done" as const,
      value: { tasks: tasks.flatMap((task) => withVersion(task) ?? []), files: treeFiles(files) },
    };
  };
  return await waitUntil({ ...wait, look }, context);
}
