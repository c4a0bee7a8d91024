import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { EarlierPlan } from "../release/expected-plan.ts";
import { type OnFailure, onFailureChoices } from "../release/on-failure.ts";
import { parsePlanInput } from "../roll-out-inputs.ts";
import type { Allowed, ClusterInput } from "../run-plan.ts";
import { allowOption, clusterOption } from "./options.ts";

/** What the commands share that deploy, or plan to. */
export interface RollOutOptions {
  readonly devCluster: readonly ClusterInput[];
  readonly productionCluster: readonly ClusterInput[];
  readonly allow: Allowed;
  readonly onFailure?: OnFailure;
}

export interface PlanOption {
  readonly plan?: EarlierPlan;
}

export function addRollOutOptions(command: Command): Command {
  return command
    .addOption(clusterOption("--dev-cluster <clusters>", "deploy here first"))
    .addOption(
      clusterOption("--production-cluster <clusters>", "deploy here when every dev cluster has the release"),
    )
    .addOption(allowOption("breaking", "older", "unproven"))
    .addOption(
      new Option(
        "--on-failure <what>",
        "give clusters back what they had, or leave them (default: rollback with a production cluster, else leave)",
      ).choices([...onFailureChoices]),
    );
}

export function planOption(): Option {
  return new Option(
    "--plan <hash or file>",
    "refuse when anything has moved since this plan was made with `workflow-release plan`",
  ).argParser((value: string): EarlierPlan => {
    const plan = parsePlanInput(value, resolve());
    if (plan === undefined || plan.kind === "only") throw new InvalidArgumentError("give a hash or a file");
    return plan;
  });
}
