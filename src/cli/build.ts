import { resolve } from "node:path";
import type { Command } from "commander";
import { runPipeline } from "../pipeline.ts";
import { addJsonOption, type JsonOption } from "./options.ts";
import { runForTerminal } from "./run.ts";
import { terminalDeps } from "./terminal-deps.ts";

export function addBuildCommand(program: Command): void {
  const command = program
    .command("build")
    .description(
      "Choose the files, pack them, start the worker inside the artifact, and find its tasks. Publishes nothing.",
    )
    .argument("[folder]", "folder of the project", ".")
    .option(
      "--output <folder>",
      "where the archive and build.json go (default: .workflow-release in the project's root)",
    );
  addJsonOption(command).action(
    async (folder: string, options: JsonOption & { readonly output?: string }) => {
      await runForTerminal(options, async (record, signal) => {
        await runPipeline(
          {
            projectFolder: resolve(folder),
            publish: { kind: "build-only", why: "this is workflow-release build" },
            clusters: { dev: [], production: [] },
          },
          record,
          terminalDeps({ signal, output: options.output }),
        );
      });
    },
  );
}
