/**
 * The only reader of INPUT_*, GITHUB_* and TILEBOX_* variables. A typed plan comes out, or one error
 * with every problem of the inputs.
 */
import { tmpdir } from "node:os";
import { isAbsolute, relative, resolve } from "node:path";
import { actionInputs, type InputName } from "../action-contract.ts";
import type { CachePlan } from "../build/cache/open-cache.ts";
import { type Problem, UserError } from "../errors.ts";
import { nearestName } from "../project/nearest-name.ts";
import { parseSmokeTask, type SmokeTask } from "../rehearsal/smoke-task.ts";
import type { RunPlan } from "../run-plan.ts";
import type { Environment } from "../worker/environment.ts";
import { allowByLabel, parseAllow } from "./allow.ts";
import { readApiTarget } from "./api-target.ts";
import { parseCache } from "./cache.ts";
import { parseClusters } from "./clusters.ts";
import { parseGates } from "./gates.ts";
import { readBaseCommit, readLabels } from "./github-run.ts";
import { parsePublish } from "./publish.ts";
import { parseReleaseInput } from "./release.ts";
import { readReportInputs } from "./report.ts";
import { parseOnFailure, parsePlanInput } from "./roll-out.ts";

/** What the runner says about itself. */
export interface RunnerContext {
  readonly temporaryFolder: string;
  /** Address of the README of this action as the workflow uses it; unknown for `uses: ./`. */
  readonly helpUrl: string | undefined;
}

export function readRunnerContext(env: Environment): RunnerContext {
  const repository = env.GITHUB_ACTION_REPOSITORY;
  return {
    temporaryFolder: env.RUNNER_TEMP ?? tmpdir(),
    helpUrl: repository ? `${env.GITHUB_SERVER_URL ?? "https://github.com"}/${repository}` : undefined,
  };
}

export interface ActionInputs {
  /** For each of the projects. */
  readonly plan: Omit<RunPlan, "projectFolder">;
  /** Absolute: the checkout. */
  readonly workspace: string;
  /** Folders in it, and globs for such, as they were given. */
  readonly projects: readonly string[];
  readonly cache: CachePlan;
  readonly timeoutMs: number;
  /** Inputs that were given but do not exist; worth a warning, not a failure. */
  readonly warnings: readonly string[];
}

/**
 * Reads the action's inputs from the environment the runner made.
 * @throws UserError input-invalid with all problems; api-key-missing for `publish: true` or `check` without a key.
 */
export function readActionInputs(env: Environment): ActionInputs {
  const problems: Problem[] = [];
  const read = (name: InputName) => readInput(env, name);
  const workspace = env.GITHUB_WORKSPACE ?? process.cwd();
  const projects = parseProjects(read("project"), workspace, problems);
  const clusters = {
    dev: parseClusters("dev-cluster", read("dev-cluster"), problems),
    production: parseClusters("production-cluster", read("production-cluster"), problems),
  };
  const allow = parseAllow("allow", read("allow"), "input", problems);
  const createWorkflow = parseBoolean("create-workflow", read("create-workflow"), problems);
  const timeoutMs = parseMinutes("timeout-minutes", read("timeout-minutes"), problems);
  const smokeTask = parseSmoke(read("smoke-task"), workspace, problems);
  const onFailure = parseOnFailure(read("on-failure"), problems);
  const plan = parsePlanInput(read("plan"), workspace);
  const release = parseReleaseInput(read("release"), problems);
  const publish = parsePublish(env, { mode: read("publish"), createWorkflow, release }, problems);
  if (publish.kind !== "publish" && release.kind !== "auto") {
    const given = release.kind === "id" ? release.id : release.kind;
    problems.push({
      message: `release: ${given} is for a run that deploys, and this one ${publish.kind === "check" ? "only compares" : "only builds"} because ${publish.why}`,
      hint: "leave it out for this event",
    });
  }
  const base = publish.kind === "build-only" ? readBaseCommit(env) : undefined;
  const gates = parseGates(
    read("gate"),
    { smokeTask, clusters, timeoutMs, deploys: publish.kind === "publish" },
    problems,
  );
  const cache = parseCache(env, read("cache"), publish, readApiTarget(env).apiKey, problems);
  problems.push(...readReportInputs(env).problems);
  if (problems.length > 0) {
    throw new UserError(
      "input-invalid",
      `${problems.length === 1 ? "An input is" : "Inputs are"} not valid`,
      { problems },
    );
  }
  return {
    plan: {
      publish: publish.kind === "build-only" && base !== undefined ? { ...publish, base } : publish,
      clusters,
      smokeTask,
      gates,
      onFailure,
      plan,
      allow: publish.kind === "build-only" ? allowByLabel(allow, readLabels(env)) : allow,
    },
    workspace,
    projects,
    cache,
    timeoutMs,
    warnings: unknownInputs(env),
  };
}

function parseSmoke(value: string, workspace: string, problems: Problem[]): SmokeTask | undefined {
  if (value === "") return undefined;
  const smokeTask = parseSmokeTask(value);
  if (smokeTask === undefined) {
    problems.push({
      message: `smoke-task: ${JSON.stringify(value)} names no task and version`,
      hint: 'NAME@VERSION and its input, as in tiles/Mosaic@v1.0 {"columns": 2}',
    });
    return undefined;
  }
  const { task, input } = smokeTask;
  if (input.kind === "json") return smokeTask;
  const path = resolve(workspace, input.path);
  if (!isInside(workspace, path)) {
    problems.push({
      message: `smoke-task: ${input.path} leaves the workspace`,
      hint: "name a file of this repository",
    });
  }
  return { task, input: { kind: "file", path } };
}

/** One a line, because a comma may stand in a name and in a glob. */
function parseProjects(value: string, workspace: string, problems: Problem[]): string[] {
  const entries = value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  for (const entry of entries) {
    if (!isAbsolute(entry) && !isInside(workspace, resolve(workspace, entry))) {
      problems.push({
        message: `project: ${entry} leaves the workspace`,
        hint: "name a folder of this repository",
      });
    }
  }
  return entries;
}

/** GitHub upper-cases an input's name, turns spaces into underscores and leaves hyphens alone. */
function readInput(env: Environment, name: InputName): string {
  const given = env[`INPUT_${name.toUpperCase()}`]?.trim();
  return given === undefined || given === "" ? actionInputs[name].default : given;
}

function parseBoolean(name: InputName, value: string, problems: Problem[]): boolean {
  if (/^(true|True|TRUE)$/.test(value)) return true;
  if (!/^(false|False|FALSE)$/.test(value)) {
    problems.push({ message: `${name}: ${JSON.stringify(value)} is not a boolean`, hint: "true or false" });
  }
  return false;
}

function parseMinutes(name: InputName, value: string, problems: Problem[]): number {
  const minutes = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || minutes <= 0 || minutes > 360) {
    problems.push({
      message: `${name}: ${JSON.stringify(value)} is not a number of minutes`,
      hint: "more than 0, at most 360",
    });
    return 0;
  }
  return minutes * 60_000;
}

function unknownInputs(env: Environment): string[] {
  const known = new Map(Object.keys(actionInputs).map((name) => [`INPUT_${name.toUpperCase()}`, name]));
  const warnings: string[] = [];
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith("INPUT_") || known.has(variable)) continue;
    const name = variable.slice("INPUT_".length).toLowerCase();
    const nearest = nearestName(name, known.values());
    warnings.push(`There is no input ${name}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`);
  }
  return warnings;
}

function isInside(parent: string, child: string): boolean {
  const path = relative(parent, child);
  return !path.startsWith("..") && !isAbsolute(path);
}
