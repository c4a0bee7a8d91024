/** What GITHUB_* variables and the event say about the run: where it is, of which commit, for which pull request. */
import { readFileSync } from "node:fs";

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

type Environment = Readonly<Record<string, string | undefined>>;

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

function readPullRequest(eventPath: string | undefined): PullRequestHead | undefined {
  if (!eventPath) return undefined;
  try {
    const event: unknown = JSON.parse(readFileSync(eventPath, "utf8"));
    const { number, head } =
      (event as { pull_request?: { number?: unknown; head?: { sha?: unknown } } }).pull_request ?? {};
    return typeof number === "number" && typeof head?.sha === "string"
      ? { number, commit: head.sha }
      : undefined;
  } catch {
    return undefined;
  }
}
