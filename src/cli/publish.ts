import { resolve } from "node:path";
import type { Command } from "commander";
import { runPipeline } from "../pipeline.ts";
import type { ClusterInput } from "../run-plan.ts";
import {
  type ApiOptions,
  addApiOptions,
  addJsonOption,
  apiTargetOf,
  clusterOption,
  type JsonOption,
} from "./options.ts";
import { runForTerminal } from "./run.ts";
import { terminalDeps } from "./terminal-deps.ts";

interface PublishOptions extends JsonOption, ApiOptions {
  readonly output?: string;
  readonly createWorkflow: boolean;
  readonly existing: boolean;
  readonly devCluster: readonly ClusterInput[];
  readonly productionCluster: readonly ClusterInput[];
}

export function addPublishCommand(program: Command): void {
  const command = program
    .command("publish")
    .description(
      "Build, publish the release if it does not exist yet, and deploy it to the clusters that are named.",
    )
    .argument("[folder]", "folder of the project", ".")
    .option(
      "--output <folder>",
      "where the archive and build.json go (default: .workflow-release in the project's root)",
    )
    .option("--create-workflow", "create the workflow when the control plane has none with this slug", false)
    .option("--existing", "demand that a release has this content already; build nothing", false)
    .addOption(clusterOption("--dev-cluster <clusters>", "deploy here first"))
    .addOption(
      clusterOption("--production-cluster <clusters>", "deploy here when every dev cluster has the release"),
    );
  addJsonOption(addApiOptions(command)).action(async (folder: string, options: PublishOptions) => {
    await runForTerminal(options, async (record, signal) => {
      await runPipeline(
        {
          projectFolder: resolve(folder),
          publish: {
            kind: "publish",
            why: "this is workflow-release publish",
            api: apiTargetOf(options),
            createWorkflow: options.createWorkflow,
            release: options.existing ? "existing" : "auto",
          },
          clusters: { dev: options.devCluster, production: options.productionCluster },
        },
        record,
        terminalDeps({ signal, output: options.output }),
      );
    });
  });
}
