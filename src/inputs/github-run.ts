/** What GITHUB_* variables and the event say about the run: where it is, of which commit, for which pull request. */
import { readFileSync } from "node:fs";
import type { BaseCommit } from "../release/base-contract.ts";
import type { Environment } from "../worker/environment.ts";

export interface GitHubRun {
  readonly apiUrl: string;
  readonly owner: string;
  readonly repo: string;
  /** The commit that is checked out: of a pull request it is GitHub's test merge. */
  readonly commit: string;
  readonly runId: number;
  readonly runAttempt: number;
  readonly runUrl: string;
  /** The workflow's file and the job in it, which tell the jobs of a repository apart, a matrix aside. */
  readonly job: string;
  readonly pullRequest?: PullRequestHead;
}

export interface PullRequestHead {
  readonly number: number;
  readonly commit: string;
}

/** Undefined outside GitHub Actions. An event that cannot be read is a run without a pull request. */
export function readGitHubRun(env: Environment): GitHubRun | undefined {
  const [owner, repo] = (env.GITHUB_REPOSITORY ?? "").split("/");
  const commit = env.GITHUB_SHA ?? "";
  if (!owner || !repo || !/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
  const runId = Number(env.GITHUB_RUN_ID ?? 0);
  const runAttempt = Number(env.GITHUB_RUN_ATTEMPT ?? 1);
  const server = env.GITHUB_SERVER_URL || "https://github.com";
  const workflow = env.GITHUB_WORKFLOW_REF?.split("@")[0] ?? env.GITHUB_WORKFLOW ?? "";
  const pullRequest = readPullRequest(env.GITHUB_EVENT_PATH);
  return {
    apiUrl: env.GITHUB_API_URL || "https://api.github.com",
    owner,
    repo,
    commit,
    runId,
    runAttempt,
    runUrl: `${server}/${owner}/${repo}/actions/runs/${runId}/attempts/${runAttempt}`,
    job: `${workflow} ${env.GITHUB_JOB ?? ""}`,
    ...(pullRequest === undefined ? {} : { pullRequest }),
  };
}

/** What the event's commits are to be merged into; undefined for other events. */
export function readBaseCommit(env: Environment): BaseCommit | undefined {
  const { pull_request: request, merge_group: group } = readEvent(env.GITHUB_EVENT_PATH);
  const [name, commit, head] =
    request === undefined
      ? [group?.base_ref, group?.base_sha, undefined]
      : [request.base?.ref, request.base?.sha, request.head?.sha];
  if (typeof name !== "string" || typeof commit !== "string" || !/^[0-9a-f]{40,64}$/.test(commit)) {
    return undefined;
  }
  return { name: name.replace(/^refs\/heads\//, ""), commit, ...(typeof head === "string" ? { head } : {}) };
}

/** The names of the pull request's labels, as they were when the event happened. */
export function readLabels(env: Environment): readonly string[] {
  const labels = readEvent(env.GITHUB_EVENT_PATH).pull_request?.labels;
  if (!Array.isArray(labels)) return [];
  return labels
    .map((label: { readonly name?: unknown } | null) => label?.name)
    .filter((name) => typeof name === "string");
}

interface EventCommits {
  readonly pull_request?: {
    readonly number?: unknown;
    readonly labels?: unknown;
    readonly head?: { readonly sha?: unknown };
    readonly base?: { readonly ref?: unknown; readonly sha?: unknown };
  };
  readonly merge_group?: { readonly base_ref?: unknown; readonly base_sha?: unknown };
}

/** Empty for an event that cannot be read. */
function readEvent(eventPath: string | undefined): EventCommits {
  if (!eventPath) return {};
  try {
    return { ...(JSON.parse(readFileSync(eventPath, "utf8")) as EventCommits | null) };
  } catch {
    return {};
  }
}

function readPullRequest(eventPath: string | undefined): PullRequestHead | undefined {
  const { number, head } = readEvent(eventPath).pull_request ?? {};
  return typeof number === "number" && typeof head?.sha === "string"
    ? { number, commit: head.sha }
    : undefined;
}
