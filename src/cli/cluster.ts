import type { Command } from "commander";
import type { ReleaseApi } from "../release/release-api.ts";
import { table } from "../report/table.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type ApiOptions, addApiOptions, apiTargetOf } from "./options.ts";
import { type Answer, runCommand } from "./run.ts";
import { terminalDeps } from "./terminal-deps.ts";

type ClusterOptions = JsonOption & ApiOptions;

export function addClusterCommand(program: Command): void {
  const command = program
    .command("cluster")
    .description("Make, list and delete clusters of a control plane.");
  addSubcommand(command, "create", "Make a cluster and print its slug.")
    .argument("<name>", "what people call it")
    .option("--slug <slug>", "what workflows call it (default: made from the name, with a random end)")
    .action((name: string, options: ClusterOptions & { readonly slug?: string }) =>
      withApi(options, async (api, signal) => {
        const cluster = await api.workflows.createCluster({ name, slug: options.slug ?? "" }, { signal });
        return { json: { slug: cluster.slug, name: cluster.displayName }, text: cluster.slug };
      }),
    );
  addSubcommand(command, "list", "List the clusters and what is deployed to them.").action(
    (options: ClusterOptions) =>
      withApi(options, async (api, signal) => {
        const { clusters } = await api.workflows.listClusters({}, { signal });
        const described = clusters.map(({ slug, displayName, deletable, deployedReleases }) => ({
          slug,
          name: displayName,
          default: !deletable,
          workflows: deployedReleases.map((workflow) => workflow.slug),
        }));
        const rows = described.map(({ slug, name, workflows }) => [slug, name, workflows.join(", ")]);
        return { json: { clusters: described }, text: table(["SLUG", "NAME", "WORKFLOWS"], rows) };
      }),
  );
  addSubcommand(command, "delete", "Delete a cluster on which nothing is deployed and no job waits.")
    .argument("<slug>", "as `cluster list` shows it")
    .action((slug: string, options: ClusterOptions) =>
      withApi(options, async (api, signal) => {
        await api.workflows.deleteCluster({ clusterSlug: slug }, { signal });
        return { json: { slug }, text: `Deleted the cluster ${slug}` };
      }),
    );
}

function addSubcommand(parent: Command, name: string, description: string): Command {
  return addJsonOption(addApiOptions(parent.command(name).description(description)));
}

async function withApi(
  options: ClusterOptions,
  work: (api: ReleaseApi, signal: AbortSignal) => Promise<Answer>,
): Promise<void> {
  await runCommand(options, async (signal) =>
    work(await terminalDeps({ signal }).connect(apiTargetOf(options)), signal),
  );
}
