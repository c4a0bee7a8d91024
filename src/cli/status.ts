import type { Command } from "commander";
import type { ExplainedStatus } from "../release/status.ts";
import { driftLines } from "../report/drift-lines.ts";
import { table } from "../report/table.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type ApiOptions, addApiOptions, apiTargetOf } from "./options.ts";
import { runService } from "./run.ts";
import { terminalDeps } from "./terminal-deps.ts";
import { chooseWorkflow } from "./workflow-choice.ts";

interface StatusOptions extends JsonOption, ApiOptions {
  readonly workflow?: string;
  readonly check: boolean;
}

export function addStatusCommand(program: Command): void {
  const command = program
    .command("status")
    .description("Show which release of the workflow each cluster has, since when, by whom, and who runs it.")
    .argument("[folder]", "folder of the project", ".")
    .option("--workflow <slug>", "the workflow, where there is no project at hand")
    .option(
      "--check",
      "fail when a cluster has something else than runs on GitHub deployed last, or than its targets ask for",
      false,
    );
  addJsonOption(addApiOptions(command)).action(async (folder: string, options: StatusOptions) => {
    await runService(options, async (signal, answer) => {
      const deps = terminalDeps({ signal });
      const { slug: workflow, targets } = await chooseWorkflow(folder, options.workflow, deps);
      const api = await deps.connect(apiTargetOf(options));
      if (options.check) {
        const { requireNoDrift } = await import("../release/drift.ts");
        const { compareClusters } = await import("../stages/check-clusters.ts");
        const check = await compareClusters(api, { workflow, targets, only: false }, deps);
        answer({ json: check, text: `Workflow ${workflow}\n${driftLines(check)}` });
        requireNoDrift(check);
        return;
      }
      const { explainStatus, readStatus } = await import("../release/status.ts");
      const read = await readStatus(api, workflow, signal);
      const clusters = await explainStatus(api, workflow, read, deps.deploymentRecords(api), signal);
      answer({ json: { workflow, clusters }, text: `Workflow ${workflow}\n${statusTable(clusters)}` });
    });
  });
}

function statusTable(clusters: readonly ExplainedStatus[]): string {
  return table(
    ["CLUSTER", "RELEASE", "SINCE", "COMMIT", "BY", "RUNNERS", "RUN"],
    clusters.map((status) => {
      const { cluster, release, deployment } = status;
      return [
        ...[cluster, release ?? "none"],
        deployment === undefined ? "" : new Date(deployment.atMs).toISOString(),
        deployment?.commit?.slice(0, 8) ?? "",
        deployment?.actor ?? deployment?.key ?? "",
        runnerText(status),
        deployment?.run?.url ?? "",
      ];
    }),
  );
}

/** "2 ready, 1 loading". */
function runnerText({ release, runners }: ExplainedStatus): string {
  if (release === undefined) return "";
  if (runners === undefined) return "not known";
  const counts = Map.groupBy(runners, ({ state }) => state);
  return [...counts].map(([state, some]) => `${some.length} ${state}`).join(", ") || "none";
}
