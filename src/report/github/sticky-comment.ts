/**
 * The one comment of a pull request, to which every job adds its part.
 *
 * Jobs write at the same time and GitHub cannot say "only if nobody wrote since", so a job writes under
 * the comment's lock (comment-lock.ts) and looks again afterwards. The first comment cannot be locked
 * before it exists: when several jobs create one, the oldest stays, and whoever sees the others moves
 * their parts into it. After its last step every job has seen one comment with its part in it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type GitHubClient, requestFailure } from "./client.ts";
import { type LockTiming, lockComment } from "./comment-lock.ts";
import {
  type CommentPart,
  type CommentState,
  isComment,
  parseComment,
  renderComment,
  withParts,
} from "./comment-text.ts";

/** Of one comment, all that matters here. */
interface OwnComment {
  readonly id: number;
  readonly state: CommentState;
}

export type Contribution =
  | "written"
  /** The pull request has another commit by now, whose own jobs report. */
  | "outdated";

/** Enough for a lock that waits 20 s and for the races of a large matrix; the signal ends it before that. */
const attempts = 20;

/**
 * Puts a job's parts, one for each of its projects, into the comment of its pull request.
 * @throws what GitHub answered when it refuses, or the timing's signal.
 */
export async function contributeToComment(
  client: GitHubClient,
  pullRequest: { readonly number: number; readonly commit: string },
  parts: readonly CommentPart[],
  timing: LockTiming,
): Promise<Contribution> {
  const { viewer } = await client.octokit.graphql<{ viewer: { login: string } }>(
    "query { viewer { login } }",
  );
  const thread = new CommentThread(client, pullRequest.number, viewer.login);
  if (!(await thread.isHead(pullRequest.commit))) return "outdated";
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const done = await contributeOnce(thread, pullRequest.commit, parts, timing);
    if (done !== "again") return done;
    await sleep(timing.pollMs * timing.random(), undefined, { signal: timing.signal });
  }
  throw new Error("other jobs kept changing the comment");
}

async function contributeOnce(
  thread: CommentThread,
  commit: string,
  parts: readonly CommentPart[],
  timing: LockTiming,
): Promise<Contribution | "again"> {
  const [first] = await thread.list();
  if (first === undefined) {
    await thread.create(withParts(undefined, parts).state);
  } else {
    const lock = await lockComment(thread.client, first.id, timing);
    if (lock === undefined) return "again";
    try {
      // Who holds a lock for longer is taken for dead, so no request of ours may outlast that.
      const held = thread.until(AbortSignal.timeout(timing.staleMs / 2));
      if (!(await held.isHead(commit))) return "outdated";
      await mergeUnderLock(held, first.id, parts);
    } finally {
      await lock.release();
    }
  }
  const [only, ...others] = await thread.list();
  const written = only?.state.parts ?? [];
  const areThere = parts.every((part) =>
    written.some(({ key, runUrl }) => key === part.key && runUrl === part.runUrl),
  );
  // A comment that is full to the limit leaves out parts that passed.
  const isFull = (only?.state.unshown ?? 0) > 0;
  return others.length === 0 && (areThere || isFull) ? "written" : "again";
}

async function mergeUnderLock(
  thread: CommentThread,
  id: number,
  parts: readonly CommentPart[],
): Promise<void> {
  const all = await thread.list();
  const { state, announce } = withParts(merged(all), parts);
  if (!announce) await thread.update(id, state);
  else if (!(await thread.create(state))) return;
  for (const comment of all) if (announce || comment.id !== id) await thread.remove(comment.id);
}

/** What several comments say together; of one job the newest comment's part. */
function merged(comments: readonly OwnComment[]): CommentState | undefined {
  if (comments.length === 0) return undefined;
  const parts = new Map(comments.flatMap(({ state }) => state.parts).map((part) => [part.key, part]));
  const announced = comments.findLast(({ state }) => state.announced !== undefined)?.state.announced;
  return {
    parts: [...parts.values()],
    failing: [...new Set(comments.flatMap(({ state }) => state.failing))],
    unshown: 0,
    ...(announced === undefined ? {} : { announced }),
  };
}

/** The comments of a pull request that this account wrote with this program. */
class CommentThread {
  readonly client: GitHubClient;
  readonly #pullRequest: number;
  readonly #author: string;
  readonly #signal: AbortSignal | undefined;

  constructor(client: GitHubClient, pullRequest: number, author: string, signal?: AbortSignal) {
    this.client = client;
    this.#pullRequest = pullRequest;
    this.#author = author;
    this.#signal = signal;
  }

  until(signal: AbortSignal): CommentThread {
    return new CommentThread(this.client, this.#pullRequest, this.#author, signal);
  }

  /** Oldest first. */
  async list(): Promise<OwnComment[]> {
    const { octokit } = this.client;
    const comments = await octokit.paginate(octokit.rest.issues.listComments, {
      ...this.#issue(),
      per_page: 100,
    });
    return comments
      .filter(({ user, body }) => user?.login === this.#author && isComment(body ?? ""))
      .map(({ id, body }) => ({
        id,
        state: parseComment(body ?? "") ?? { parts: [], failing: [], unshown: 0 },
      }))
      .toSorted((a, b) => a.id - b.id);
  }

  /** False when the answer was lost: the next look at the thread shows what became of it. */
  async create(state: CommentState): Promise<boolean> {
    try {
      await this.client.octokit.rest.issues.createComment({ ...this.#issue(), body: renderComment(state) });
      return true;
    } catch (error) {
      const { status } = requestFailure(error);
      if (status !== 0 && status < 500) throw error;
      return false;
    }
  }

  async update(id: number, state: CommentState): Promise<void> {
    await this.client.octokit.rest.issues.updateComment({
      ...this.#call(),
      comment_id: id,
      body: renderComment(state),
    });
  }

  async remove(id: number): Promise<void> {
    try {
      await this.client.octokit.rest.issues.deleteComment({ ...this.#call(), comment_id: id });
    } catch (error) {
      if (requestFailure(error).status !== 404) throw error;
    }
  }

  async isHead(commit: string): Promise<boolean> {
    const { data } = await this.client.octokit.rest.pulls.get({
      ...this.#call(),
      pull_number: this.#pullRequest,
    });
    return data.head.sha === commit;
  }

  #issue() {
    return { ...this.#call(), issue_number: this.#pullRequest };
  }

  #call() {
    return {
      ...this.client.repository,
      ...(this.#signal === undefined ? {} : { request: { signal: this.#signal } }),
    };
  }
}
