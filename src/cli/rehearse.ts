import { resolve } from "node:path";
import type { Command } from "commander";
import { duration } from "../duration-text.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import type { RehearsalResult } from "../rehearsal/rehearse.ts";
import { requireCompleted } from "../rehearsal/require-completed.ts";
import { treeLines } from "../report/task-tree.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { addBuildOptions, type BuildOptions, cachePlanOf } from "./options.ts";
import { runService, terminalLog } from "./run.ts";
import { addInputOptions, type InputOptions, readInput, taskArgument } from "./task-argument.ts";
import { terminalDeps } from "./terminal-deps.ts";
import { wholeNumber } from "./whole-number.ts";

interface RehearseOptions extends JsonOption, InputOptions, BuildOptions {
  readonly task: TaskIdentifier;
  readonly timeout?: number;
  readonly concurrency?: number;
}

export function addRehearseCommand(program: Command): void {
  const command = program
    .command("rehearse")
    .description(
      "Build, then run one real job from the artifact on a control plane of its own. Publishes nothing and needs no key.",
    )
    .argument("[folder]", "folder of the project", ".")
    .requiredOption("--task <task>", "NAME@VERSION of the job's first task", taskArgument)
    .option("--timeout <minutes>", "how long it may take (default: 10)", wholeNumber(1, 1_440))
    .option("--concurrency <tasks>", "how many tasks to run at once (default: 2)", wholeNumber(1, 100));
  addJsonOption(addBuildOptions(addInputOptions(command))).action(
    async (folder: string, options: RehearseOptions) => {
      await runService(options, async (signal, answer) => {
        const input = await readInput(options);
        const deps = terminalDeps({
          signal,
          output: options.output,
          cache: cachePlanOf(options, { kind: "build-only", why: "this is workflow-release rehearse" }),
        });
        const project = await deps.loadProject(resolve(folder));
        const { build } = await deps.build(await deps.packProject(project), false);
        try {
          const { rehearse, rehearsalLimits } = await import("../rehearsal/rehearse.ts");
          const result = await rehearse({
            build,
            task: { ...options.task, input },
            limits: {
              totalMs: options.timeout === undefined ? rehearsalLimits.totalMs : options.timeout * 60_000,
              concurrency: options.concurrency ?? rehearsalLimits.concurrency,
            },
            env: process.env,
            log: terminalLog,
            signal,
          });
          answer({ json: result, text: rehearsalText(result) });
          requireCompleted(result, project);
        } finally {
          for (const notice of [...build.notices, ...(await deps.settle())]) terminalLog.notice(notice);
        }
      });
    },
  );
}

function rehearsalText({ outcome, task, tookMs, tree }: RehearsalResult): string {
  const verdict = `Rehearsal of ${task.name}@${task.version}: ${outcome} in ${duration(tookMs)}`;
  return `${treeLines(tree)}\n${verdict}`;
}
