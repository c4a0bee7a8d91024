/**
 * GitHub's API within limits: each request ends in time, what may be repeated is, and waits that GitHub
 * asks for are kept when they are short.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { getOctokit } from "@actions/github";
import { messageOf } from "../../errors.ts";

export interface GitHubTarget {
  /** GITHUB_API_URL. */
  readonly apiUrl: string;
  readonly token: string;
  readonly owner: string;
  readonly repo: string;
}

export interface GitHubLimits {
  readonly requestMs: number;
  readonly attempts: number;
  readonly firstDelayMs: number;
  /** A longer wait that GitHub asks for is not kept: the request fails at once. */
  readonly maxWaitMs: number;
}

const defaultGitHubLimits: GitHubLimits = {
  requestMs: 10_000,
  attempts: 4,
  firstDelayMs: 500,
  maxWaitMs: 20_000,
};

export interface GitHubClient {
  readonly octokit: ReturnType<typeof getOctokit>;
  /** Owner and name, as every call wants them. */
  readonly repository: { readonly owner: string; readonly repo: string };
}

/** `signal` ends every request and every wait of this client; a request's own signal ends that one. */
export async function createGitHubClient(
  target: GitHubTarget,
  options: { readonly signal: AbortSignal; readonly limits?: GitHubLimits; readonly random?: () => number },
): Promise<GitHubClient> {
  const { limits = defaultGitHubLimits, random = Math.random, signal } = options;
  // Loaded here: a run that reports nothing to GitHub does not pay for it.
  const github = await import("@actions/github");
  const octokit = github.getOctokit(target.token, { baseUrl: target.apiUrl });
  octokit.hook.wrap("request", async (send, request) => {
    const own: unknown = request.request?.signal;
    const stop = own instanceof AbortSignal ? AbortSignal.any([signal, own]) : signal;
    for (let attempt = 1; ; attempt++) {
      // Not AbortSignal.timeout: of a combined signal Node keeps it weakly, and it may never fire.
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new Error("no answer in time")), limits.requestMs);
      try {
        // The hooks inside this one read the same options; others that are handed on are ignored.
        request.request = { ...request.request, signal: AbortSignal.any([stop, late.signal]) };
        return await send(request);
      } catch (error) {
        const waitMs = retryDelayMs(error, { attempt, limits, random, request });
        if (waitMs === undefined || stop.aborted) throw error;
        await sleep(waitMs, undefined, { signal: stop });
      } finally {
        clearTimeout(timer);
      }
    }
  });
  return { octokit, repository: { owner: target.owner, repo: target.repo } };
}

/** What a failed request tells: an answer's status and headers, or none when there was no answer. */
export interface RequestFailure {
  /** 0 when no answer came. */
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export function requestFailure(error: unknown): RequestFailure {
  const { response, status } = (error ?? {}) as {
    response?: { headers?: Record<string, unknown>; data?: { message?: unknown } };
    status?: unknown;
  };
  const own = messageOf(error);
  if (response === undefined) return { status: 0, message: own, headers: {} };
  const said = response.data?.message;
  return {
    status: typeof status === "number" ? status : 0,
    message: typeof said === "string" ? said : own,
    headers: response.headers ?? {},
  };
}

/** GitHub refuses for its rate limits before it does anything, with 429 or with 403 and a word about them. */
export function isRateLimited({ status, message, headers }: RequestFailure): boolean {
  if (status === 429) return true;
  return status === 403 && ("retry-after" in headers || /rate limit|abuse detection/i.test(message));
}

function retryDelayMs(
  error: unknown,
  context: {
    readonly attempt: number;
    readonly limits: GitHubLimits;
    readonly random: () => number;
    readonly request: { readonly method: string; readonly url: string };
  },
): number | undefined {
  const { attempt, limits, random, request } = context;
  if (attempt >= limits.attempts) return undefined;
  const failure = requestFailure(error);
  const backoffMs = limits.firstDelayMs * 2 ** (attempt - 1) * (0.5 + random());
  if (isRateLimited(failure)) {
    const askedMs = Number(failure.headers["retry-after"]) * 1_000;
    const waitMs = Number.isFinite(askedMs) ? askedMs + backoffMs : undefined;
    return waitMs !== undefined && waitMs <= limits.maxWaitMs ? waitMs : undefined;
  }
  const mayPass = failure.status === 0 || failure.status >= 500;
  return mayPass && !createsAnew(request) ? backoffMs : undefined;
}

/** A comment or a deployment whose answer was lost may exist; the same request again would make a second. */
function createsAnew({ method, url }: { readonly method: string; readonly url: string }): boolean {
  return method === "POST" && /\/(?:comments|deployments)$/.test(url);
}
