import { resolve } from "node:path";
import type { Command } from "commander";
import { allowances } from "../release/allowed.ts";
import type { PublishPlan, ReleaseInput } from "../run-plan.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type ApiOptions, addApiOptions, apiTargetOf } from "./options.ts";
import {
  addRollOutOptions,
  gatesOf,
  type PlanOption,
  planOption,
  type RollOutOptions,
} from "./roll-out-options.ts";
import { runForTerminal } from "./run-stages.ts";
import { terminalDeps } from "./terminal-deps.ts";

interface PromoteOptions extends JsonOption, ApiOptions, RollOutOptions, PlanOption {
  readonly release?: string;
}

export function addPromoteCommand(program: Command): void {
  const command = program
    .command("promote")
    .description(
      "Deploy to production what the dev clusters have and have proven: they are looked at, not changed. Builds nothing.",
    )
    .argument("[folder]", "folder of the project", ".")
    .option("--release <id>", "the release (default: the one that has the folder's content)")
    .addOption(planOption());
  const help = {
    devHelp: "these prove the release, and are not changed",
    productionHelp: "deploy here when every dev cluster has proven the release",
    refuses: allowances,
  };
  addJsonOption(addApiOptions(addRollOutOptions(command, help))).action(
    async (folder: string, options: PromoteOptions) => {
      await runForTerminal(options, async (record, signal) => {
        const { runPipeline } = await import("../pipeline.ts");
        const { release: id } = options;
        const release: ReleaseInput =
          id === undefined ? { kind: "existing" } : { kind: "id", id: id.toLowerCase() };
        const publish: PublishPlan = {
          kind: "publish",
          why: "this is workflow-release promote",
          api: apiTargetOf(options),
          createWorkflow: false,
          release,
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
          terminalDeps({ signal }),
        );
      });
    },
  );
}
