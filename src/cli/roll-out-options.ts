import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Problem, UserError } from "../errors.ts";
import { parseGates } from "../inputs/gates.ts";
import { parsePlanInput } from "../inputs/roll-out.ts";
import { parseSmokeTask, type SmokeTask } from "../rehearsal/smoke-task.ts";
import type { Allowance, Allowed } from "../release/allowed.ts";
import type { ClusterInput } from "../release/clusters.ts";
import type { PlanInput } from "../release/expected-plan.ts";
import type { Gate } from "../release/gates/gate.ts";
import { type OnFailure, onFailureChoices } from "../release/on-failure.ts";
import { allowOption, clusterOption } from "./options.ts";

/** What the commands share that deploy, or plan to. */
export interface RollOutOptions {
  readonly devCluster: readonly ClusterInput[];
  readonly productionCluster: readonly ClusterInput[];
  readonly allow: Allowed;
  readonly onFailure?: OnFailure;
  /** As it was typed: it depends on the other options. */
  readonly gate?: string;
  readonly smokeTask?: SmokeTask;
}

export interface PlanOption {
  readonly plan?: PlanInput;
}

/**
 * `devHelp` and `productionHelp` say what the command does to the clusters that are named, `refuses` what it may be
 * allowed to do nevertheless.
 */
export function addRollOutOptions(
  command: Command,
  {
    devHelp = "deploy here first",
    productionHelp = "deploy here when every dev cluster has the release",
    refuses,
  }: {
    readonly devHelp?: string;
    readonly productionHelp?: string;
    readonly refuses: readonly Allowance[];
  },
): Command {
  return command
    .addOption(clusterOption("--dev-cluster <clusters>", devHelp))
    .addOption(clusterOption("--production-cluster <clusters>", productionHelp))
    .addOption(allowOption(...refuses))
    .option("--gate <gates>", "what must hold on each cluster: ready, smoke, replay: JOBS, soak: MINUTES")
    .addOption(smokeTaskOption())
    .addOption(
      new Option(
        "--on-failure <what>",
        "give clusters back what they had, or leave them (default: rollback with a production cluster, else leave)",
      ).choices([...onFailureChoices]),
    );
}

function smokeTaskOption(): Option {
  return new Option(
    "--smoke-task <task>",
    "the job that proves the release: NAME@VERSION, then its input as JSON or as file:PATH",
  ).argParser((value: string): SmokeTask => {
    const smokeTask = parseSmokeTask(value);
    if (smokeTask === undefined) throw new InvalidArgumentError("give NAME@VERSION, as in tiles/Mosaic@v1.0");
    const { task, input } = smokeTask;
    return input.kind === "json" ? smokeTask : { task, input: { ...input, path: resolve(input.path) } };
  });
}

/** Throws input-invalid with everything that is wrong with --gate. */
export function gatesOf({ gate, smokeTask, devCluster, productionCluster }: RollOutOptions): readonly Gate[] {
  const problems: Problem[] = [];
  const clusters = { dev: devCluster, production: productionCluster };
  const surroundings = { smokeTask, clusters, deploys: true, timeoutMs: Number.POSITIVE_INFINITY };
  const gates = parseGates(gate ?? "", surroundings, problems);
  if (problems.length > 0) throw new UserError("input-invalid", "--gate is not valid", { problems });
  return gates;
}

export function planOption(): Option {
  return new Option(
    "--plan <what>",
    "only: show the plan and change nothing; a plan's hash or file: refuse when anything has moved since it was made",
  ).argParser((value: string): PlanInput => {
    const plan = parsePlanInput(value, resolve());
    if (plan === undefined) throw new InvalidArgumentError("give only, a hash or a file");
    return plan;
  });
}
