import type { Command } from "commander";
import { table } from "../report/table.ts";
import { type ApiOptions, addApiOptions, addJsonOption, apiTargetOf, type JsonOption } from "./options.ts";
import { runCommand } from "./run.ts";
import { terminalDeps } from "./terminal-deps.ts";
import { chooseWorkflow } from "./workflow-choice.ts";

export function addStatusCommand(program: Command): void {
  const command = program
    .command("status")
    .description("Show which release of the workflow each cluster has.")
    .argument("[folder]", "folder of the project", ".")
    .option("--workflow <slug>", "the workflow, where there is no project at hand");
  addJsonOption(addApiOptions(command)).action(
    async (folder: string, options: JsonOption & ApiOptions & { readonly workflow?: string }) => {
      await runCommand(options, async (signal) => {
        const { readStatus } = await import("../release/status.ts");
        const deps = terminalDeps({ signal });
        const { slug } = await chooseWorkflow(folder, options.workflow, deps);
        const status = await readStatus(await deps.connect(apiTargetOf(options)), slug, signal);
        const rows = status.map(({ cluster, release, publishedAt, tasks }) => [
          cluster,
          release ?? "none",
          publishedAt ?? "",
          release === undefined ? "" : String(tasks.length),
        ]);
        return {
          json: { workflow: slug, clusters: status },
          text: `Workflow ${slug}\n${table(["CLUSTER", "RELEASE", "PUBLISHED", "TASKS"], rows)}`,
        };
      });
    },
  );
}
