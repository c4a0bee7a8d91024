import { resolve } from "node:path";
import type { Command } from "commander";
import type { Allowed } from "../release/allowed.ts";
import type { BuildOnlyPlan } from "../run-plan.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { addBuildOptions, allowOption, type BuildOptions, cachePlanOf } from "./options.ts";
import { runForTerminal } from "./run-stages.ts";
import { terminalDeps } from "./terminal-deps.ts";

interface CheckOptions extends JsonOption, BuildOptions {
  readonly base?: string;
  readonly allow: Allowed;
}

export function addBuildCommand(program: Command): void {
  const command = program
    .command("build")
    .description(
      "Choose the files, pack them, start the worker inside the artifact, and find its tasks. Publishes nothing.",
    )
    .argument("[folder]", "folder of the project", ".")
    .option("--base <commit>", "build this commit too, and compare the task contract with its")
    .addOption(allowOption("breaking"));
  addJsonOption(addBuildOptions(command)).action(async (folder: string, options: CheckOptions) => {
    await runForTerminal(options, async (record, signal) => {
      const { runPipeline } = await import("../pipeline.ts");
      const { base: commit, allow } = options;
      const publish: BuildOnlyPlan = {
        kind: "build-only",
        why: "this is workflow-release build",
        ...(commit === undefined ? {} : { base: { name: commit, commit } }),
      };
      await runPipeline(
        {
          projectFolder: resolve(folder),
          publish,
          clusters: { dev: [], production: [] },
          smokeTask: undefined,
          allow,
          gates: [],
          onFailure: undefined,
          plan: undefined,
        },
        record,
        terminalDeps({ signal, output: options.output, cache: cachePlanOf(options, publish) }),
      );
    });
  });
}
