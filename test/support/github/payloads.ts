/** Answers in GitHub's form, made from what the fake keeps. */
import { createRequire } from "node:module";
import type {
  Account,
  RepositoryState,
  StoredComment,
  StoredDeployment,
  StoredReaction,
  StoredStatus,
} from "./repository-state.ts";

const time = "2026-11-24T12:00:00Z";

export function accountPayload({ login, type }: Account, base: string) {
  const url = `${base}/users/${encodeURIComponent(login)}`;
  const links = [
    "followers",
    "following",
    "gists",
    "starred",
    "subscriptions",
    "organizations",
    "repos",
    "events",
    "received_events",
  ];
  return {
    login,
    id: 41_898_282,
    node_id: "MDM6Qm90NDE4OTgyODI=",
    avatar_url: `${base}/avatar`,
    gravatar_id: "",
    url,
    html_url: url,
    ...Object.fromEntries(links.map((name) => [`${name}_url`, `${url}/${name}`])),
    type,
    site_admin: false,
  };
}

export function commentPayload(comment: StoredComment, base: string) {
  const url = `${base}/issues/comments/${comment.id}`;
  return {
    id: comment.id,
    node_id: "IC_x",
    url,
    html_url: url,
    issue_url: `${base}/issues/${comment.issue}`,
    body: comment.body,
    user: accountPayload(comment.author, base),
    created_at: comment.createdAt,
    updated_at: comment.createdAt,
    author_association: "NONE",
  };
}

export function reactionPayload(reaction: StoredReaction, base: string) {
  return {
    id: reaction.id,
    node_id: "REA_x",
    user: accountPayload(reaction.author, base),
    content: reaction.content,
    created_at: time,
  };
}

export function deploymentPayload(deployment: StoredDeployment, base: string) {
  const url = `${base}/deployments/${deployment.id}`;
  return {
    url,
    id: deployment.id,
    node_id: "DE_x",
    sha: deployment.sha,
    ref: deployment.ref,
    task: deployment.task,
    payload: deployment.payload,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    creator: accountPayload(deployment.creator, base),
    created_at: time,
    updated_at: time,
    statuses_url: `${url}/statuses`,
    repository_url: base,
    transient_environment: deployment.transient,
    production_environment: deployment.production,
  };
}

export function statusPayload(status: StoredStatus, deployment: StoredDeployment, base: string) {
  const url = `${base}/deployments/${deployment.id}`;
  return {
    url: `${url}/statuses/${status.id}`,
    id: status.id,
    node_id: "DES_x",
    state: status.state,
    creator: accountPayload(deployment.creator, base),
    description: status.description,
    environment: deployment.environment,
    target_url: status.logUrl,
    created_at: time,
    updated_at: time,
    deployment_url: url,
    repository_url: base,
    environment_url: "",
    log_url: status.logUrl,
  };
}

type PullRequestExample = { readonly head: object; readonly base: object };

// The package's main file is JSON, which its type declarations do not know.
const webhooks: readonly { readonly name: string; readonly examples: readonly Record<string, unknown>[] }[] =
  createRequire(import.meta.url)("@octokit/webhooks-examples");

/** A pull request as GitHub recorded it, with the number and head that are asked for. */
export function pullRequestPayload(number: number, headSha: string, locked: boolean) {
  const recorded = webhooks
    .find(({ name }) => name === "pull_request")
    ?.examples.find(({ action }) => action === "synchronize")?.pull_request as PullRequestExample;
  return { ...recorded, number, locked, head: { ...recorded.head, sha: headSha } };
}

function commitPayload(sha: string, parents: readonly string[], base: string) {
  const url = `${base}/commits/${sha}`;
  const person = { name: "Scratch", email: "scratch@example.org", date: time };
  return {
    url,
    sha,
    node_id: "C_x",
    html_url: url,
    comments_url: `${url}/comments`,
    commit: {
      url,
      author: person,
      committer: person,
      message: "Change",
      comment_count: 0,
      tree: { sha, url },
      verification: {
        verified: false,
        reason: "unsigned",
        payload: null,
        signature: null,
        verified_at: null,
      },
    },
    author: null,
    committer: null,
    parents: parents.map((parent) => ({ sha: parent, url: `${base}/commits/${parent}` })),
  };
}

export function comparisonPayload(state: RepositoryState, from: string, to: string, base: string) {
  const earlier = state.historyOf(from);
  const later = state.historyOf(to);
  const ahead = [...later].filter((sha) => !earlier.has(sha));
  const behind = [...earlier].filter((sha) => !later.has(sha));
  const url = `${base}/compare/${from}...${to}`;
  const commit = commitPayload(from, state.commits.get(from) ?? [], base);
  return {
    url,
    html_url: url,
    permalink_url: url,
    diff_url: `${url}.diff`,
    patch_url: `${url}.patch`,
    base_commit: commit,
    merge_base_commit: commit,
    status:
      ahead.length > 0
        ? behind.length > 0
          ? "diverged"
          : "ahead"
        : behind.length > 0
          ? "behind"
          : "identical",
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    commits: [],
  };
}
