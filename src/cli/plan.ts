import { resolve } from "node:path";
import type { Command } from "commander";
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
import { addRollOutOptions, gatesOf, type RollOutOptions } from "./roll-out-options.ts";
import { runForTerminal } from "./run-stages.ts";
import { terminalDeps } from "./terminal-deps.ts";

type PlanOptions = JsonOption & ApiOptions & BuildOptions & RollOutOptions;

export function addPlanCommand(program: Command): void {
  const command = program
    .command("plan")
    .description(
      "Show what publishing and deploying the project would do to each cluster and its jobs. Changes nothing.",
    )
    .argument("[folder]", "folder of the project", ".");
  addJsonOption(
    addApiOptions(addBuildOptions(addRollOutOptions(command, { refuses: ["breaking", "older"] }))),
  ).action(async (folder: string, options: PlanOptions) => {
    await runForTerminal(options, async (record, signal) => {
      const { runPipeline } = await import("../pipeline.ts");
      const publish: PublishPlan = {
        kind: "publish",
        why: "this is workflow-release plan",
        api: apiTargetOf(options),
        createWorkflow: false,
        release: { kind: "auto" },
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
          plan: { kind: "only" },
        },
        record,
        terminalDeps({ signal, output: options.output, cache: cachePlanOf(options, publish) }),
      );
    });
  });
}
