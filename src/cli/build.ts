import { resolve } from "node:path";
import type { Command } from "commander";
import { runPipeline } from "../pipeline.ts";
import {
  addBuildOptions,
  addJsonOption,
  type BuildOptions,
  cachePlanOf,
  type JsonOption,
} from "./options.ts";
import { runForTerminal } from "./run.ts";
import { terminalDeps } from "./terminal-deps.ts";

export function addBuildCommand(program: Command): void {
  const command = program
    .command("build")
    .description(
      "Choose the files, pack them, start the worker inside the artifact, and find its tasks. Publishes nothing.",
    )
    .argument("[folder]", "folder of the project", ".");
  addJsonOption(addBuildOptions(command)).action(
    async (folder: string, options: JsonOption & BuildOptions) => {
      await runForTerminal(options, async (record, signal) => {
        const publish = { kind: "build-only", why: "this is workflow-release build" } as const;
        await runPipeline(
          {
            projectFolder: resolve(folder),
            publish,
            clusters: { dev: [], production: [] },
            allowBreaking: false,
          },
          record,
          terminalDeps({ signal, output: options.output, cache: cachePlanOf(options, publish) }),
        );
      });
    },
  );
}
