import { resolve } from "node:path";
import type { Command } from "commander";
import { parseApiUrl } from "../api/url.ts";
import { type Initialized, initProject } from "../init/init.ts";
import { documentedAction, type Server } from "../init/workflow-files.ts";
import { hostedApiUrl } from "../inputs/api-target.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type ApiOptions, addApiOptions, apiTargetOf, clusterSlugs } from "./options.ts";
import { runCommand } from "./run.ts";

interface InitCommandOptions extends JsonOption, ApiOptions {
  readonly slug?: string;
  readonly runner?: string;
  readonly action: string;
  readonly devCluster: readonly string[];
  readonly productionCluster: readonly string[];
}

export function addInitCommand(program: Command): void {
  const command = program
    .command("init")
    .description(
      "Write tilebox.workflow.toml, workflow files for GitHub and, where there is no Python project, the smallest " +
        "one that runs. Replaces nothing.",
    )
    .argument("[folder]", "folder of the project, made when it is not there", ".")
    .option("--slug <slug>", "slug of the workflow (default: made from the folder's name)")
    .option("--runner <module:object>", "the Runner of a Python project that is there already")
    .option("--action <owner/name@ref>", "where this action is", documentedAction)
    .option("--dev-cluster <slugs>", "clusters of [targets.dev]", clusterSlugs, ["dev"])
    .option("--production-cluster <slugs>", "clusters of [targets.production]", clusterSlugs, ["production"]);
  addJsonOption(addApiOptions(command)).action(async (folder: string, options: InitCommandOptions) => {
    await runCommand(options, async () => {
      const {
        slug,
        runner,
        action,
        devCluster: devClusters,
        productionCluster: productionClusters,
      } = options;
      const server = serverOf(options);
      const initialized = initProject({
        folder: resolve(folder),
        ...{ slug, runner, server, action, devClusters, productionClusters },
      });
      const next = nextSteps(initialized, server, options);
      const text = [
        ...initialized.written.map((path) => `wrote ${path}`),
        "Next:",
        ...next.map((step, index) => `${index + 1}. ${step}`),
      ].join("\n");
      return { json: { slug: initialized.slug, written: initialized.written, next }, text };
    });
  });
}

/** Nothing is sent; whoever names no server means the hosted one, as everywhere. */
function serverOf(options: ApiOptions): Server {
  const { origin } = parseApiUrl(apiTargetOf(options).url);
  return origin === new URL(hostedApiUrl).origin ? { kind: "hosted" } : { kind: "own", url: origin };
}

function nextSteps(
  { slug, isNewProject }: Initialized,
  server: Server,
  { action, devCluster, productionCluster }: InitCommandOptions,
): string[] {
  const clusters = [...devCluster, ...productionCluster].join(", ");
  return [
    isNewProject ? "Run `uv lock` in the project." : "Commit a uv.lock that fits pyproject.toml.",
    ...(action === documentedAction
      ? [`Write the repository of this action instead of ${documentedAction} in the workflow files.`]
      : []),
    server.kind === "hosted"
      ? `Unless the workflow ${slug} exists: run \`tilebox workflow create ${slug} --json\` and write the slug that it answers into tilebox.workflow.toml.`
      : `The first push creates the workflow ${slug}.`,
    `Create the clusters that do not exist yet (${clusters}), or name others in tilebox.workflow.toml.`,
    "Add the secret TILEBOX_API_KEY to the repository: `gh secret set TILEBOX_API_KEY`.",
    "Commit and push: a push to main goes to dev, a tag v* to production.",
  ];
}
