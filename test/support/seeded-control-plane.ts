/** A served control plane with the workflow, the clusters and the key that a test or the demo needs. */
import { createApiClient } from "../../src/api/client.ts";
import type { ID } from "../../src/api/gen/tilebox/v1/id_pb.ts";
import { idFromBytes } from "../../src/engine/id.ts";
import { cliJson, type ServedControlPlane, serveControlPlane } from "./cli.ts";
import { createScratchFolder } from "./scratch-folder.ts";

export interface SeededControlPlane extends ServedControlPlane {
  /** The secret of an admin key. */
  readonly apiKey: string;
  /** The release of the workflow that each cluster has. */
  deployed(workflow: string): Promise<Record<string, string | undefined>>;
  /** Ids of the workflow's releases, the oldest first. */
  releases(workflow: string): Promise<string[]>;
}

export async function seedControlPlane(options: {
  readonly workflows: readonly string[];
  readonly clusters: readonly string[];
}): Promise<SeededControlPlane> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createScratchFolder());
  const served = stack.use(await serveControlPlane(folder.path));
  const keyArgs = ["key", "create", "test", "--data", served.dataFolder];
  const { secret: apiKey } = await cliJson<{ readonly secret: string }>(keyArgs);
  const api = stack.use(await createApiClient({ url: served.url, apiKey, env: {} }));
  for (const name of options.workflows) await api.workflows.createWorkflow({ name });
  for (const slug of options.clusters) await api.workflows.createCluster({ name: slug, slug });
  const owned = stack.move();
  return {
    ...served,
    apiKey,
    deployed: async (workflow) => {
      const { clusters } = await api.workflows.listClusters({});
      return Object.fromEntries(
        clusters
          .filter(({ slug }) => options.clusters.includes(slug))
          .map(({ slug, deployedReleases }) => {
            const found = deployedReleases.find((deployed) => deployed.slug === workflow);
            return [slug, found?.releases.map(({ id }) => releaseId(id)).join()];
          }),
      );
    },
    releases: async (workflowSlug) =>
      (await api.workflows.getWorkflow({ workflowSlug })).releases.map(({ id }) => releaseId(id)).sort(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function releaseId(id: ID | undefined): string {
  return (id && idFromBytes<"release">(id.uuid)) ?? "no id";
}
