/** What the action does between its entry and its report: one pipeline a project. */
import { join } from "node:path";
import * as core from "@actions/core";
import type { BuildCache } from "../build/cache/build-cache.ts";
import type { CacheMiss } from "../build/cache/miss.ts";
import { type ReleaseError, SystemError, stoppedBy, toReleaseError } from "../errors.ts";
import { readGitHubRun } from "../inputs/github-run.ts";
import { type ActionInputs, readActionInputs } from "../inputs/inputs.ts";
import { readReportInputs } from "../inputs/report.ts";
import type { Log } from "../log.ts";
import type { ProjectPlace } from "../project/find-projects.ts";
import { actionLog } from "../report/action-log.ts";
import type { GitHubClient } from "../report/github/client.ts";
import { type RunRecord, startRecord } from "../report/record.ts";
import type { RunPlan } from "../run-plan.ts";
import type { RunSource } from "../stages/real-stages.ts";

export interface ActionRun {
  /** One a project; a single one stands for the whole run until the projects are known. */
  records: readonly [RunRecord, ...RunRecord[]];
  /** Absolute and empty. */
  readonly outputFolder: string;
  /** Called when the log says what will be done: whatever else is to be loaded waits for it. */
  readonly logBegun: () => Promise<void>;
  readonly stageEntered: (record: RunRecord) => void;
}

const modeWords: Record<RunPlan["publish"]["kind"], string> = {
  publish: "Build, publish and deploy",
  "build-only": "Build only",
  check: "Compare the clusters",
};

/**
 * Runs the projects that the inputs name.
 *
 * @returns What failed of several projects; the failure of a single one is thrown.
 */
export async function runAction(action: ActionRun, signal: AbortSignal): Promise<readonly ReleaseError[]> {
  const inputs = readActionInputs(process.env);
  const { publish } = inputs.plan;
  const api = publish.kind === "build-only" ? publish.looksAt : publish.api;
  if (api?.apiKey !== undefined) core.setSecret(api.apiKey);
  core.info(`${modeWords[publish.kind]}: ${publish.why}`);
  for (const warning of inputs.warnings) core.warning(warning);
  await action.logBegun();
  const { findProjects } = await import("../project/find-projects.ts");
  const places = findProjects(inputs.projects, inputs.workspace);
  const folders = nameProjects(action, places);
  const timeout = AbortSignal.timeout(inputs.timeoutMs);
  const endsAtMs = Date.now() + inputs.timeoutMs;
  const run = await prepare(action, inputs, folders, {
    signal: AbortSignal.any([signal, timeout]),
    endsAtMs,
  });
  const toFailure = (thrown: unknown): ReleaseError => {
    if (signal.aborted) return stoppedBy(toReleaseError(signal.reason), thrown);
    if (!timeout.aborted) return toReleaseError(thrown);
    const message = `The run took longer than ${inputs.timeoutMs / 60_000} minutes`;
    return stoppedBy(new SystemError("timed-out", message, { cause: thrown }), thrown);
  };
  const [only, ...others] = action.records;
  if (others.length > 0) {
    const { runProjects } = await import("./project-runs.ts");
    return await runProjects({ records: action.records, log: actionLog, run, toFailure });
  }
  try {
    await run(only, actionLog);
    return [];
  } catch (error) {
    throw toFailure(error);
  }
}

/** Gives each project a record, the first one the record that the run began with. */
function nameProjects(action: ActionRun, places: readonly ProjectPlace[]): ReadonlyMap<RunRecord, string> {
  const [first] = action.records;
  const folders = new Map<RunRecord, string>();
  for (const { path, folder } of places) {
    const record = folders.size === 0 ? first : startRecord(first.startedAtMs, first.helpUrl);
    record.projectPath = path;
    folders.set(record, folder);
  }
  const [, ...others] = folders.keys();
  action.records = [first, ...others];
  return folders;
}

function sourceOf(folder: string, signal: AbortSignal): RunSource {
  const run = readGitHubRun(process.env);
  const { token } = readReportInputs(process.env);
  if (run === undefined || token === "") return { folder, commit: run?.commit };
  let client: Promise<GitHubClient> | undefined;
  const github = async () => {
    const { createGitHubClient } = await import("../report/github/client.ts");
    client ??= createGitHubClient({ ...run, token }, { signal });
    return await client;
  };
  return { folder, commit: run.commit, github };
}

/** What all projects share: the cache with its time, the slugs that are taken. */
async function prepare(
  action: ActionRun,
  { plan, cache, workspace }: ActionInputs,
  folders: ReadonlyMap<RunRecord, string>,
  { signal, endsAtMs }: { readonly signal: AbortSignal; readonly endsAtMs: number },
): Promise<(record: RunRecord, log: Log) => Promise<void>> {
  const { runPipeline } = await import("../pipeline.ts");
  const { stageDeps } = await import("../stages/real-stages.ts");
  const { createSlugClaims } = await import("./project-runs.ts");
  const claim = createSlugClaims();
  let opened: Promise<BuildCache | CacheMiss> | undefined;
  const openCache = async () => {
    const { openActionsCache } = await import("../build/cache/open-cache.ts");
    opened ??= openActionsCache(cache, process.env);
    return await opened;
  };
  const { outputFolder, stageEntered } = action;
  const source = sourceOf(workspace, signal);
  return async (record, log) => {
    const deps = stageDeps({
      log,
      signal,
      outputFolder: ({ slug }) => (folders.size === 1 ? outputFolder : join(outputFolder, slug)),
      env: process.env,
      stageEntered,
      endsAtMs,
      source,
      openCache,
    });
    const loadProject = async (folder: string) => claim(await deps.loadProject(folder));
    const projectFolder = folders.get(record) ?? workspace;
    await runPipeline({ ...plan, projectFolder }, record, { ...deps, loadProject });
  };
}
