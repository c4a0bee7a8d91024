/**
 * The only reader of INPUT_*, GITHUB_* and TILEBOX_* variables. A typed plan comes out, or one error
 * with every problem of the inputs.
 */

import { tmpdir } from "node:os";
import { isAbsolute, relative, resolve } from "node:path";
import { actionInputs, type InputName } from "../action-contract.ts";
import type { ApiTarget } from "../api/target.ts";
import type { CachePlan } from "../build/cache/open-cache.ts";
import { type Problem, UserError } from "../errors.ts";
import { nearestName } from "../project/nearest-name.ts";
import { parseSmokeTask, type SmokeTask } from "../rehearsal/smoke-task.ts";
import type { ClusterInput } from "../release/clusters.ts";
import type { PublishPlan, RunPlan } from "../run-plan.ts";
import { allowByLabel, parseAllow } from "./allow.ts";
import { parseCache } from "./cache.ts";
import { parseGates } from "./gates.ts";
import { readBaseCommit, readLabels } from "./github-run.ts";
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

type Environment = Readonly<Record<string, string | undefined>>;

/** The hosted service's address, used when neither the input nor TILEBOX_API_URL names another. */
export const hostedApiUrl = "https://api.tilebox.com";

/**
 * Events whose code nobody with write access has accepted yet, or (workflow_run, pull_request_target)
 * that run with secrets on behalf of such code. Without an explicit `publish: true` they only build.
 */
const unacceptedCodeEvents: ReadonlySet<string> = new Set([
  "pull_request",
  "pull_request_target",
  "pull_request_review",
  "merge_group",
  "workflow_run",
  "issue_comment",
]);

const clusterSlug = /^[A-Za-z0-9-]{1,100}$/;

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

function parsePublish(
  env: Environment,
  input: { mode: string; createWorkflow: boolean; release: PublishPlan["release"] },
  problems: Problem[],
): RunPlan["publish"] {
  const api = readApiTarget(env);
  const event = env.GITHUB_EVENT_NAME ?? "";
  const ref = env.GITHUB_REF ?? "";
  const publishing = (why: string): PublishPlan => ({
    kind: "publish",
    why,
    api,
    createWorkflow: input.createWorkflow,
    release: input.release,
  });
  switch (input.mode.toLowerCase()) {
    case "false":
      return { kind: "build-only", why: "publish: false" };
    case "true":
      requireKey(api, "publish: true");
      return publishing("publish: true");
    case "check":
      requireKey(api, "publish: check");
      return { kind: "check", why: "publish: check", api };
    case "auto":
      if (unacceptedCodeEvents.has(event)) {
        const looks = api.apiKey === undefined ? {} : { looksAt: api };
        return { kind: "build-only", why: `the event is ${event}`, ...looks };
      }
      if (api.apiKey === undefined) return { kind: "build-only", why: "there is no API key" };
      return publishing(
        `the event is ${event || "unknown"}${ref ? ` on ${ref}` : ""} and there is an API key`,
      );
    default:
      problems.push({
        message: `publish: ${JSON.stringify(input.mode)} is not a choice`,
        hint: "auto, true, false or check",
      });
      return { kind: "build-only", why: "publish is not valid" };
  }
}

function requireKey({ apiKey }: ApiTarget, input: string): void {
  if (apiKey !== undefined) return;
  throw new UserError(
    "api-key-missing",
    `${input}, but there is neither the input api-key nor TILEBOX_API_KEY`,
  );
}

/** Where the control plane is: the inputs first, then the variables that the official SDK reads. */
export function readApiTarget(env: Environment): ApiTarget {
  const given = (...values: (string | undefined)[]) =>
    values.map((value) => value?.trim()).find((value) => value);
  return {
    url: given(env["INPUT_API-URL"], env.TILEBOX_API_URL) ?? hostedApiUrl,
    apiKey: given(env["INPUT_API-KEY"], env.TILEBOX_API_KEY),
  };
}

/**
 * Splits a cluster input at commas and newlines. An empty input is no cluster; an empty entry between
 * separators is a problem, because it is most often a variable that was not set.
 */
export function parseClusters(name: string, value: string, problems: Problem[]): ClusterInput[] {
  if (value === "") return [];
  const clusters: ClusterInput[] = [];
  for (const [index, raw] of value.split(/[,\n]/).entries()) {
    const entry = raw.trim();
    const where = `${name}: entry ${index + 1}`;
    if (entry === "") {
      problems.push({
        message: `${where} is empty`,
        hint: "remove the separator, or set the variable it stands for",
      });
    } else if (entry.startsWith("target:")) {
      clusters.push({ kind: "target", name: entry.slice("target:".length).trim() });
    } else if (!clusterSlug.test(entry)) {
      problems.push({
        message: `${where}, ${JSON.stringify(entry)}, is not a cluster slug`,
        hint: "letters, digits and hyphens, at most 100",
      });
    } else {
      clusters.push({ kind: "slug", slug: entry });
    }
  }
  return clusters;
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
