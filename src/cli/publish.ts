import { resolve } from "node:path";
import type { Command } from "commander";
import { allowances } from "../release/allowed.ts";
import type { PublishPlan } from "../run-plan.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import {
  type ApiOptions,
  addApiOptions,
  addBuildOptions,
  apiTargetOf,
  type BuildOptions,
  cachePlanOf,
} from "./options.ts";
import {
  addRollOutOptions,
  gatesOf,
  type PlanOption,
  planOption,
  type RollOutOptions,
} from "./roll-out-options.ts";
import { runForTerminal } from "./run-stages.ts";
import { terminalDeps } from "./terminal-deps.ts";

interface PublishOptions extends JsonOption, ApiOptions, BuildOptions, RollOutOptions, PlanOption {
  readonly createWorkflow: boolean;
  readonly existing: boolean;
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
    .addOption(planOption());
  addJsonOption(addApiOptions(addBuildOptions(addRollOutOptions(command, { refuses: allowances })))).action(
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
            smokeTask: options.smokeTask,
            allow: options.allow,
            gates: gatesOf(options),
            onFailure: options.onFailure,
            plan: options.plan,
          },
          record,
          terminalDeps({ signal, output: options.output, cache: cachePlanOf(options, publish) }),
        );
      });
    },
  );
}
