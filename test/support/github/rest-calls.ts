/** What GitHub does for each call, on the state of the fake. */
import {
  commentPayload,
  comparisonPayload,
  deploymentPayload,
  pullRequestPayload,
  reactionPayload,
  statusPayload,
} from "./payloads.ts";
import type { Account, RepositoryState, StoredComment, StoredDeployment } from "./repository-state.ts";

export interface CallContext {
  readonly state: RepositoryState;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly account: Account;
  /** Address of the repository, for links. */
  readonly base: string;
}

export type Answer =
  | { readonly kind: "one"; readonly status: number; readonly body: unknown }
  /** Shown in pages. */
  | { readonly kind: "list"; readonly entries: readonly unknown[] };

/** The scope of GITHUB_TOKEN that a call needs; one of several is enough. */
export interface CallRule {
  readonly needs: readonly (readonly [scope: string, level: "read" | "write"])[];
  readonly answer: (context: CallContext) => Answer;
}

const commentLimit = 65_536;
const one = (status: number, body: unknown): Answer => ({ kind: "one", status, body });

export function refused(status: number, message: string): Answer {
  const documentation_url = "https://docs.github.com/rest";
  return one(status, { message, documentation_url, status: String(status) });
}

function invalid(message: string, field: string): Answer {
  return one(422, {
    message: "Validation Failed",
    documentation_url: "https://docs.github.com/rest",
    errors: [{ resource: "IssueComment", code: "unprocessable", field, message }],
  });
}

const writeComments = [
  ["issues", "write"],
  ["pull_requests", "write"],
] as const;
const readComments = [
  ["issues", "read"],
  ["pull_requests", "read"],
] as const;

function withComment(context: CallContext, use: (comment: StoredComment) => Answer): Answer {
  const id = Number(context.params.comment_id);
  const comment = context.state.comments.find((candidate) => candidate.id === id);
  return comment === undefined ? refused(404, "Not Found") : use(comment);
}

function withBody(context: CallContext, use: (body: string) => Answer): Answer {
  const body = String(context.body.body);
  if (body.trim() === "") return invalid("Body can't be blank", "body");
  // GitHub counts characters, not code units and not bytes.
  if ([...body].length > commentLimit)
    return invalid(`Body is too long (maximum is ${commentLimit} characters)`, "data");
  return use(body);
}

const issuePath = "/repos/{owner}/{repo}/issues";
const comments: Record<string, CallRule> = {
  [`GET ${issuePath}/{issue_number}/comments`]: {
    needs: readComments,
    answer: ({ state, params, base }) => ({
      kind: "list",
      entries: state.comments
        .filter(({ issue }) => issue === Number(params.issue_number))
        .map((comment) => commentPayload(comment, base)),
    }),
  },
  [`POST ${issuePath}/{issue_number}/comments`]: {
    needs: writeComments,
    answer: (context) => {
      const number = Number(context.params.issue_number);
      const pullRequest = context.state.pullRequests.get(number);
      if (pullRequest === undefined) return refused(404, "Not Found");
      if (pullRequest.locked) return refused(403, "Unable to create comment because issue is locked.");
      return withBody(context, (body) =>
        one(201, commentPayload(context.state.addComment(number, context.account, body), context.base)),
      );
    },
  },
  [`GET ${issuePath}/comments/{comment_id}`]: {
    needs: readComments,
    answer: (context) => withComment(context, (comment) => one(200, commentPayload(comment, context.base))),
  },
  [`PATCH ${issuePath}/comments/{comment_id}`]: {
    needs: writeComments,
    answer: (context) =>
      withComment(context, (comment) =>
        withBody(context, (body) => {
          comment.body = body;
          return one(200, commentPayload(comment, context.base));
        }),
      ),
  },
  [`DELETE ${issuePath}/comments/{comment_id}`]: {
    needs: writeComments,
    answer: (context) =>
      withComment(context, ({ id }) => {
        context.state.removeComment(id);
        return one(204, undefined);
      }),
  },
};

const reactionPath = `${issuePath}/comments/{comment_id}/reactions`;
const reactions: Record<string, CallRule> = {
  [`GET ${reactionPath}`]: {
    needs: readComments,
    answer: (context) =>
      withComment(context, ({ id }) => {
        const content = context.query.get("content");
        const found = context.state.reactions.filter(
          (reaction) => reaction.comment === id && (content === null || reaction.content === content),
        );
        return { kind: "list", entries: found.map((reaction) => reactionPayload(reaction, context.base)) };
      }),
  },
  [`POST ${reactionPath}`]: {
    needs: writeComments,
    answer: (context) =>
      withComment(context, (comment) => {
        const { state, account, base } = context;
        const content = String(context.body.content);
        const existing = state.reactions.find(
          (reaction) =>
            reaction.comment === comment.id &&
            reaction.content === content &&
            reaction.author.login === account.login,
        );
        if (existing !== undefined) return one(200, reactionPayload(existing, base));
        const reaction = { id: state.nextId(), comment: comment.id, author: account, content };
        state.reactions.push(reaction);
        return one(201, reactionPayload(reaction, base));
      }),
  },
  [`DELETE ${reactionPath}/{reaction_id}`]: {
    needs: writeComments,
    answer: ({ state, params }) => {
      const index = state.reactions.findIndex(({ id }) => id === Number(params.reaction_id));
      if (index < 0) return refused(404, "Not Found");
      state.reactions.splice(index, 1);
      return one(204, undefined);
    },
  },
};

const deploymentPath = "/repos/{owner}/{repo}/deployments";

function withDeployment(context: CallContext, use: (deployment: StoredDeployment) => Answer): Answer {
  const id = Number(context.params.deployment_id);
  const deployment = context.state.deployments.find((candidate) => candidate.id === id);
  return deployment === undefined ? refused(404, "Not Found") : use(deployment);
}

function createDeployment({ state, body, account, base }: CallContext): Answer {
  const ref = String(body.ref);
  if (!state.commits.has(ref)) return refused(422, `No ref found for: ${ref}`);
  // Without an empty list GitHub waits for the checks of the commit, of which the running job is one.
  if (!Array.isArray(body.required_contexts) || body.required_contexts.length > 0)
    return refused(409, "Conflict: Commit status checks failed for main.");
  const environment = String(body.environment ?? "production");
  const deployment: StoredDeployment = {
    id: state.nextId(),
    sha: ref,
    ref,
    task: String(body.task ?? "deploy"),
    environment,
    description: typeof body.description === "string" ? body.description : null,
    payload: body.payload ?? {},
    transient: body.transient_environment === true,
    production:
      typeof body.production_environment === "boolean"
        ? body.production_environment
        : environment === "production",
    creator: account,
    statuses: [],
  };
  state.deployments.push(deployment);
  return one(201, deploymentPayload(deployment, base));
}

const deployments: Record<string, CallRule> = {
  [`GET ${deploymentPath}`]: {
    needs: [["deployments", "read"]],
    answer: ({ state, query, base }) => ({
      kind: "list",
      entries: state.deployments
        .filter(
          ({ environment, sha }) =>
            (query.get("environment") ?? environment) === environment && (query.get("sha") ?? sha) === sha,
        )
        .toReversed()
        .map((deployment) => deploymentPayload(deployment, base)),
    }),
  },
  [`POST ${deploymentPath}`]: { needs: [["deployments", "write"]], answer: createDeployment },
  [`GET ${deploymentPath}/{deployment_id}/statuses`]: {
    needs: [["deployments", "read"]],
    answer: (context) =>
      withDeployment(context, (deployment) => ({
        kind: "list",
        entries: deployment.statuses
          .toReversed()
          .map((status) => statusPayload(status, deployment, context.base)),
      })),
  },
  [`POST ${deploymentPath}/{deployment_id}/statuses`]: {
    needs: [["deployments", "write"]],
    answer: (context) =>
      withDeployment(context, (deployment) => {
        const { body, state, base } = context;
        const description = String(body.description ?? "");
        if (description.length > 140)
          return refused(422, "Validation Failed: description is too long (maximum is 140 characters)");
        const status = { state: String(body.state), description, logUrl: String(body.log_url ?? "") };
        const stored = state.addStatus(deployment, status, body.auto_inactive !== false);
        return one(201, statusPayload(stored, deployment, base));
      }),
  },
};

export const callRules: Readonly<Record<string, CallRule>> = {
  ...comments,
  ...reactions,
  ...deployments,
  "GET /repos/{owner}/{repo}/pulls/{pull_number}": {
    needs: [["pull_requests", "read"]],
    answer: ({ state, params }) => {
      const number = Number(params.pull_number);
      const found = state.pullRequests.get(number);
      return found === undefined
        ? refused(404, "Not Found")
        : one(200, pullRequestPayload(number, found.headSha, found.locked));
    },
  },
  "GET /repos/{owner}/{repo}/compare/{basehead}": {
    needs: [["contents", "read"]],
    answer: ({ state, params, base }) => {
      const [from = "", to = ""] = (params.basehead ?? "").split("...");
      return state.commits.has(from) && state.commits.has(to)
        ? one(200, comparisonPayload(state, from, to, base))
        : refused(404, "Not Found");
    },
  },
};
