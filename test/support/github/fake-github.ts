/**
 * GitHub's REST API as far as it is used: it keeps state, pages its lists, holds tokens to their scopes,
 * and fails on demand. Every request and every answer is held against GitHub's own description; what does
 * not fit is a violation, which tests expect to be none.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Account, RepositoryState } from "./repository-state.ts";
import { type Answer, callRules, refused } from "./rest-calls.ts";
import { answerProblems, type MatchedCall, matchCall, requestProblems } from "./rest-description.ts";

export type Fault =
  /** Answered without being carried out. */
  | {
      readonly kind: "refuse";
      readonly status: number;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Neither carried out nor answered. */
  | { readonly kind: "hang" }
  /** Carried out; the connection breaks before the answer. */
  | { readonly kind: "lose-answer" };

export interface FakeGitHub extends AsyncDisposable {
  /** What GITHUB_API_URL is set to. */
  readonly url: string;
  readonly state: RepositoryState;
  /** Requests and answers that GitHub's description does not allow. */
  readonly violations: readonly string[];
  /** The calls so far, oldest first: `POST /repos/{owner}/{repo}/deployments`. */
  readonly calls: readonly string[];
  /** A token of this account with these scopes; what is not named is not permitted. */
  addToken(scopes: Readonly<Record<string, "read" | "write">>, account?: Account): string;
  /** Lets the next calls whose name fits fail. */
  fail(call: RegExp, fault: Fault, times?: number): void;
}

export const actionsBot: Account = { login: "github-actions[bot]", type: "Bot" };

interface Token {
  readonly account: Account;
  readonly scopes: Readonly<Record<string, "read" | "write">>;
}

export async function startFakeGitHub(
  options: { readonly repository?: string; readonly latencyMs?: () => number } = {},
): Promise<FakeGitHub> {
  const state = new RepositoryState();
  const tokens = new Map<string, Token>();
  const faults: { readonly call: RegExp; readonly fault: Fault; times: number }[] = [];
  const violations: string[] = [];
  const calls: string[] = [];
  const latency = async () => {
    if (options.latencyMs !== undefined) await sleep(options.latencyMs());
  };

  function faultFor(call: string): Fault | undefined {
    const found = faults.find((entry) => entry.times > 0 && entry.call.test(call));
    if (found !== undefined) found.times -= 1;
    return found?.fault;
  }

  function carryOut(call: MatchedCall, token: Token, query: URLSearchParams, body: unknown): Answer {
    const rule = callRules[call.name];
    if (rule === undefined) return refused(404, "Not Found");
    const { owner, repo } = call.params;
    if (`${owner}/${repo}` !== (options.repository ?? "acme/tiles")) return refused(404, "Not Found");
    const permitted = rule.needs.some(
      ([scope, level]) => token.scopes[scope] === "write" || token.scopes[scope] === level,
    );
    if (!permitted) return refused(403, "Resource not accessible by integration");
    return rule.answer({
      state,
      params: call.params,
      query,
      body: (body ?? {}) as Record<string, unknown>,
      account: token.account,
      base: `${url}/repos/${owner}/${repo}`,
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = new URL(request.url ?? "/", url);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const method = request.method ?? "GET";
    const token = tokens.get((request.headers.authorization ?? "").replace(/^(token|bearer) /i, ""));
    const call = matchCall(method, target.pathname);
    const name = call?.name ?? `${method} ${target.pathname}`;
    calls.push(name);
    const fault = faultFor(name);
    if (fault?.kind === "hang") return;
    await latency();
    if (fault?.kind === "refuse") {
      const message = fault.message ?? "Server Error";
      return send(response, fault.status, { message, documentation_url: "" }, fault.headers);
    }
    if (token === undefined)
      return send(response, 401, { message: "Bad credentials", documentation_url: "" });
    if (name === "POST /graphql") return send(response, 200, viewer(body, token.account));
    if (call === undefined) {
      violations.push(`${name} is not in GitHub's description`);
      return send(response, 404, { message: "Not Found", documentation_url: "" });
    }
    const problems = requestProblems(call, target.searchParams, body);
    violations.push(...problems.map((problem) => `${name}: ${problem}`));
    const answer =
      problems.length > 0
        ? refused(422, problems.join("; "))
        : carryOut(call, token, target.searchParams, body);
    await latency();
    if (fault?.kind === "lose-answer") {
      request.socket.destroy();
      return;
    }
    const page = answer.kind === "list" ? pageOf(answer.entries, target) : undefined;
    const status = answer.kind === "list" ? 200 : answer.status;
    const payload = answer.kind === "list" ? page?.entries : answer.body;
    violations.push(
      ...answerProblems(call, status, payload).map((problem) => `answer of ${name}: ${problem}`),
    );
    send(response, status, payload, page?.link === undefined ? {} : { link: page.link });
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => {
      violations.push(`the fake failed: ${error}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    state,
    violations,
    calls,
    addToken(scopes, account = actionsBot) {
      const token = `ghs_${tokens.size}${"x".repeat(30)}`;
      tokens.set(token, { account, scopes });
      return token;
    },
    fail: (call, fault, times = 1) => void faults.push({ call, fault, times }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** The one GraphQL query in use: who a token is, which REST tells neither an app nor an Actions job. */
function viewer(body: unknown, { login }: Account): object {
  const query = (body as { query?: unknown } | undefined)?.query;
  return typeof query === "string" && /^\s*(?:query\s*)?\{\s*viewer\s*\{\s*login\s*\}\s*\}\s*$/.test(query)
    ? { data: { viewer: { login } } }
    : { errors: [{ message: "The fake knows the viewer's login only" }] };
}

function pageOf(entries: readonly unknown[], target: URL) {
  const size = Math.min(100, Number(target.searchParams.get("per_page") ?? 30));
  const page = Number(target.searchParams.get("page") ?? 1);
  const last = Math.max(1, Math.ceil(entries.length / size));
  const address = (number: number) => {
    const other = new URL(target);
    other.searchParams.set("page", String(number));
    return other.href;
  };
  const link = page < last ? `<${address(page + 1)}>; rel="next", <${address(last)}>; rel="last"` : undefined;
  return { entries: entries.slice((page - 1) * size, page * size), link };
}
