import { type Command, InvalidArgumentError, Option } from "commander";
import type { ApiTarget } from "../api/target.ts";
import type { CachePlan } from "../build/cache/open-cache.ts";
import type { Problem } from "../errors.ts";
import { parseAllow } from "../inputs/allow.ts";
import { hostedApiUrl, readApiTarget } from "../inputs/api-target.ts";
import { parseClusters } from "../inputs/clusters.ts";
import type { Allowance, Allowed } from "../release/allowed.ts";
import type { ClusterInput } from "../release/clusters.ts";
import { type BuildOnlyPlan, cachePlan, type PublishPlan } from "../run-plan.ts";

/** Options that several commands share, so that they read and mean the same everywhere. */

export interface BuildOptions {
  readonly output?: string;
  readonly cache: boolean;
}

export function addBuildOptions(command: Command): Command {
  return command
    .option(
      "--output <folder>",
      "where the archive and build.json go (default: .workflow-release in the project's root)",
    )
    .option("--no-cache", "prove the artifact even where a build of the same content is known");
}

/** A command that publishes takes only what was built with its key. */
export function cachePlanOf({ cache }: BuildOptions, publish: PublishPlan | BuildOnlyPlan): CachePlan {
  if (!cache) return { kind: "off", miss: { kind: "switched-off" } };
  return cachePlan(publish, readApiTarget(process.env).apiKey);
}

const allowHelp: Record<Allowance, string> = {
  breaking: "a task contract that breaks jobs which exist",
  older: "a commit that is not newer than the one that is deployed",
  unproven: "a promotion without proof from the dev clusters",
};

/** What the command can refuse, of all that may be allowed. */
export function allowOption(...choices: readonly Allowance[]): Option {
  const help = choices.map((choice) => `${choice} (${allowHelp[choice]})`).join(", ");
  return new Option("--allow <what>", `do not refuse: ${help}`)
    .default(new Map(), "nothing")
    .argParser((value: string, previous: Allowed): Allowed => {
      const problems: Problem[] = [];
      const allowed = parseAllow("--allow", value, "option", problems);
      const [problem] = problems;
      if (problem !== undefined) throw new InvalidArgumentError(`${problem.message} (${problem.hint})`);
      const without = [...allowed.keys()].find((allowance) => !choices.includes(allowance));
      if (without !== undefined) {
        throw new InvalidArgumentError(`this command refuses nothing for being ${without}`);
      }
      return new Map([...previous, ...allowed]);
    });
}

export interface ApiOptions {
  readonly apiUrl?: string;
}

/** The key has no option on purpose: a command line is visible to every process of the machine. */
export function addApiOptions(command: Command): Command {
  return command
    .option(
      "--api-url <url>",
      `address of the control plane (default: $TILEBOX_API_URL, then ${hostedApiUrl})`,
    )
    .addHelpText("after", "\nThe API key is read from $TILEBOX_API_KEY.");
}

export function apiTargetOf({ apiUrl }: ApiOptions): ApiTarget {
  const target = readApiTarget(process.env);
  return apiUrl === undefined ? target : { ...target, url: apiUrl };
}

export function clusterOption(flags: string, description: string): Option {
  return new Option(flags, `${description}: slugs separated by commas, or target:NAME for [targets.NAME]`)
    .default([], "none")
    .argParser((value: string, previous: readonly ClusterInput[]): readonly ClusterInput[] => {
      const problems: Problem[] = [];
      const clusters = parseClusters(flags.split(" ")[0] ?? flags, value, problems);
      const [problem] = problems;
      if (problem !== undefined) throw new InvalidArgumentError(`${problem.message} (${problem.hint})`);
      return [...previous, ...clusters];
    });
}

/** Reads slugs that are separated by commas; target:NAME stands for nothing where targets are only made. */
export function clusterSlugs(value: string): readonly string[] {
  const problems: Problem[] = [];
  const slugs = parseClusters("the list", value, problems).map((cluster) => {
    if (cluster.kind === "slug") return cluster.slug;
    throw new InvalidArgumentError(`target:${cluster.name} is no cluster slug`);
  });
  const [problem] = problems;
  if (problem !== undefined) throw new InvalidArgumentError(`${problem.message} (${problem.hint})`);
  return slugs;
}
