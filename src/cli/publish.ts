import { resolve } from "node:path";
import type { Command } from "commander";
import type { Allowed, ClusterInput, PublishPlan } from "../run-plan.ts";
import {
  type ApiOptions,
  addApiOptions,
  addBuildOptions,
  addJsonOption,
  allowOption,
  apiTargetOf,
  type BuildOptions,
  cachePlanOf,
  clusterOption,
  type JsonOption,
} from "./options.ts";
import { runForTerminal } from "./run.ts";
import { terminalDeps } from "./terminal-deps.ts";

interface PublishOptions extends JsonOption, ApiOptions, BuildOptions {
  readonly createWorkflow: boolean;
  readonly existing: boolean;
  readonly devCluster: readonly ClusterInput[];
  readonly productionCluster: readonly ClusterInput[];
  readonly allow: Allowed;
}

export function addPublishCommand(program: Command): void {
  const command = program
    .command("publish")
    .description(
      "Build, publish the release if it does not exist yet, and deploy it to the clusters that are named.",
    )
    .argument("[folder]", "folder of the project", ".")
    .option("--create-workflow", "create the workflow when the control plane has none with this slug", false)
    .option("--existing", "demand that a release has this content already; build nothing", false)
    .addOption(clusterOption("--dev-cluster <clusters>", "deploy here first"))
    .addOption(
      clusterOption("--production-cluster <clusters>", "deploy here when every dev cluster has the release"),
    )
    .addOption(allowOption("breaking", "older", "unproven"));
  addJsonOption(addApiOptions(addBuildOptions(command))).action(
    async (folder: string, options: PublishOptions) => {
      await runForTerminal(options, async (record, signal) => {
        const { runPipeline } = await import("../pipeline.ts");
        const publish: PublishPlan = {
          kind: "publish",
          why: "this is workflow-release publish",
          api: apiTargetOf(options),
          createWorkflow: options.createWorkflow,
          release: { kind: options.existing ? "existing" : "auto" },
        };
        await runPipeline(
          {
            projectFolder: resolve(folder),
            publish,
            clusters: { dev: options.devCluster, production: options.productionCluster },
            smokeTask: undefined,
            allow: options.allow,
          },
          record,
          terminalDeps({ signal, output: options.output, cache: cachePlanOf(options, publish) }),
        );
      });
    },
  );
}
