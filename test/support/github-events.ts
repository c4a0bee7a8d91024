/** What GitHub tells a job about the event that started it: the payload, and the variables made from it. */
import { createRequire } from "node:module";

/** The repository that every event here comes from. */
export const repository = "acme/tiles";

export interface GitHubEvent {
  readonly name: string;
  readonly payload: object;
  /** GITHUB_REF and what belongs to it. */
  readonly variables: Readonly<Record<string, string>>;
}

export function pushEvent(sha: string, branch = "main"): GitHubEvent {
  const ref = `refs/heads/${branch}`;
  const payload = example("push", (sample) => startsWith(sample.ref, "refs/heads/"));
  return {
    name: "push",
    payload: { ...payload, ref, after: sha, repository: named(payload.repository) },
    variables: { ...refVariables(ref), GITHUB_SHA: sha },
  };
}

export function tagEvent(sha: string, tag: string): GitHubEvent {
  const ref = `refs/tags/${tag}`;
  const payload = example("push", (sample) => startsWith(sample.ref, "refs/tags/"));
  return {
    name: "push",
    payload: { ...payload, ref, after: sha, repository: named(payload.repository) },
    variables: { ...refVariables(ref), GITHUB_SHA: sha },
  };
}

/** @param from the repository that the branch is in, where it is a fork. */
export function pullRequestEvent(sha: string, branch: string, from = repository): GitHubEvent {
  const payload = example("pull_request", ({ action }) => action === "synchronize");
  const pullRequest = payload.pull_request as { head: object; base: object };
  const base = { ...pullRequest.base, ref: "main", repo: named(payload.repository) };
  const repo = { ...named(payload.repository), full_name: from, fork: from !== repository };
  const head = { ...pullRequest.head, ref: branch, sha, repo };
  return {
    name: "pull_request",
    payload: {
      ...payload,
      number: 7,
      after: sha,
      pull_request: { ...pullRequest, number: 7, head, base },
      repository: named(payload.repository),
    },
    variables: {
      ...refVariables("refs/pull/7/merge"),
      GITHUB_HEAD_REF: branch,
      GITHUB_BASE_REF: "main",
      GITHUB_SHA: sha,
    },
  };
}

/** A person starts the workflow by hand, on the default branch. */
export function manualEvent(sha: string, inputs: Readonly<Record<string, string>> = {}): GitHubEvent {
  const payload = example("workflow_dispatch", () => true);
  const ref = "refs/heads/main";
  return {
    name: "workflow_dispatch",
    payload: { ...payload, inputs, ref, repository: named(payload.repository) },
    variables: { ...refVariables(ref), GITHUB_SHA: sha },
  };
}

/** A schedule runs the default branch's newest commit. GitHub publishes no example of its payload. */
export function scheduleEvent(sha: string): GitHubEvent {
  const ref = "refs/heads/main";
  const repositoryFacts = named(example("push", () => true).repository);
  return {
    name: "schedule",
    payload: { schedule: "17 5 * * *", repository: repositoryFacts },
    variables: { ...refVariables(ref), GITHUB_SHA: sha },
  };
}

type Sample = Readonly<Record<string, unknown>>;

const require = createRequire(import.meta.url);
/** The package's main file is JSON, which its type declarations do not know. */
const examples: readonly {
  readonly name: string;
  readonly examples: readonly Sample[];
}[] = require("@octokit/webhooks-examples");

function example(name: string, fits: (sample: Sample) => boolean): Sample {
  const found = examples.find((definition) => definition.name === name)?.examples.find(fits);
  if (found === undefined) throw new Error(`@octokit/webhooks-examples has no such ${name} event`);
  return found;
}

function startsWith(value: unknown, prefix: string): boolean {
  return typeof value === "string" && value.startsWith(prefix);
}

function named(original: unknown): object {
  return { ...(original as object), full_name: repository, name: "tiles", default_branch: "main" };
}

function refVariables(ref: string): Record<string, string> {
  const [, kind, ...rest] = ref.split("/");
  return {
    GITHUB_REF: ref,
    GITHUB_REF_NAME: rest.join("/"),
    GITHUB_REF_TYPE: kind === "tags" ? "tag" : "branch",
    GITHUB_HEAD_REF: "",
    GITHUB_BASE_REF: "",
  };
}
