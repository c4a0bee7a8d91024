import type { Command } from "commander";
import type { HistoryLine } from "../api/history-calls.ts";
import { UserError } from "../errors.ts";
import { table } from "../report/table.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type ApiOptions, addApiOptions, apiTargetOf } from "./options.ts";
import { runCommand } from "./run.ts";
import { terminalDeps } from "./terminal-deps.ts";
import { wholeNumber } from "./whole-number.ts";
import { chooseWorkflow } from "./workflow-choice.ts";

interface HistoryOptions extends JsonOption, ApiOptions {
  readonly workflow?: string;
  readonly cluster?: string;
  readonly release?: string;
  readonly before?: number;
  readonly limit: number;
}

const largestSequence = 10 ** 15 - 1;

export function addHistoryCommand(program: Command): void {
  const command = program
    .command("history")
    .description("Show who published, deployed and undeployed what, and what the gates said, newest first.")
    .argument("[folder]", "folder of the project", ".")
    .option("--workflow <slug>", "the workflow, where there is no project at hand")
    .option("--cluster <slug>", "only what happened on this cluster")
    .option("--release <id>", "only what happened with this release")
    .option(
      "--before <sequence>",
      "older than this entry, for the next page",
      wholeNumber(1, largestSequence),
    )
    .option("--limit <count>", "how many entries", wholeNumber(1, 1_000), 50);
  addJsonOption(addApiOptions(command)).action(async (folder: string, options: HistoryOptions) => {
    await runCommand(options, async (signal) => {
      const deps = terminalDeps({ signal });
      const { slug: workflow } = await chooseWorkflow(folder, options.workflow, deps);
      const api = await deps.connect(apiTargetOf(options));
      const { cluster, release, before, limit } = options;
      const page = await api.readHistory({ workflow, cluster, release, before, limit }, signal);
      if (page === undefined) {
        throw new UserError("api-unsupported", "This control plane keeps no history", {
          next: "Look at the GitHub Deployments of the repository; `workflow-release serve` keeps a history.",
        });
      }
      const more = page.next === null ? "" : `\nmore: --before ${page.next}`;
      return {
        json: { workflow, ...page },
        text: table(["TIME", "WHAT", "CLUSTER", "RELEASE", "BY", "RUN"], page.entries.map(row)) + more,
      };
    });
  });
}

function row(entry: HistoryLine): string[] {
  const { atMs, key, provenance } = entry;
  const by = provenance?.actor === undefined ? key : `${provenance.actor} (${key})`;
  return [
    ...[new Date(atMs).toISOString(), what(entry), "cluster" in entry ? entry.cluster : ""],
    ...[releaseText(entry), by, provenance?.run?.url ?? ""],
  ];
}

function what(entry: HistoryLine): string {
  switch (entry.kind) {
    case "gate": {
      const why = entry.reason === undefined ? "" : ` (${entry.reason})`;
      return `gate ${entry.gate} ${entry.outcome}${why}`;
    }
    case "deploy":
    case "undeploy":
      return entry.provenance?.reason === "rollback" ? `${entry.kind} (rollback)` : entry.kind;
    case "publish":
    case "unpublish":
      return entry.kind;
  }
}

function releaseText(entry: HistoryLine): string {
  return "after" in entry ? (entry.after ?? `none, was ${entry.before}`) : entry.release;
}
