/**
 * A lock on a comment. GitHub has no conditional update of comments, but it keeps at most one reaction of
 * a kind for each account, and tells the one that added it (201) from everyone after (200): whoever adds
 * 👀 with the account that wrote the comment may write it. Taking a reaction away by its id takes away
 * that very one, so that breaking a dead job's lock cannot break the lock of a living one.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type GitHubClient, requestFailure } from "./client.ts";

export interface LockTiming {
  /** Between two looks at a lock that someone else has, up to half of it less at random. */
  readonly pollMs: number;
  /** Who holds a lock this long is dead: a holder gives up earlier. */
  readonly staleMs: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export interface CommentLock {
  /** Never throws: a lock that could not be given back is broken by the next job when it is stale. */
  release(): Promise<void>;
}

/** Waits for the lock. Undefined when the comment is gone, which it is when another job made it anew. */
export async function lockComment(
  { octokit, repository }: GitHubClient,
  commentId: number,
  timing: LockTiming,
): Promise<CommentLock | undefined> {
  const comment = { ...repository, comment_id: commentId };
  try {
    for (;;) {
      const answer = await octokit.rest.reactions.createForIssueComment({ ...comment, content: "eyes" });
      const { id } = answer.data;
      if (answer.status === 201) return { release: () => removeReaction(id).catch(() => undefined) };
      await untilGone(id);
    }
  } catch (error) {
    if (requestFailure(error).status === 404) return undefined;
    throw error;
  }

  /** Looks instead of adding: to GitHub's limits for creating things a look does not count. */
  async function untilGone(id: number): Promise<void> {
    const staleAtMs = performance.now() + timing.staleMs;
    for (;;) {
      await sleep(timing.pollMs * (1 - timing.random() / 2), undefined, { signal: timing.signal });
      const { data } = await octokit.rest.reactions.listForIssueComment({
        ...comment,
        content: "eyes",
        per_page: 100,
      });
      if (!data.some((reaction) => reaction.id === id)) return;
      if (performance.now() > staleAtMs) return await removeReaction(id);
    }
  }

  async function removeReaction(id: number): Promise<void> {
    try {
      await octokit.rest.reactions.deleteForIssueComment({ ...comment, reaction_id: id });
    } catch (error) {
      if (requestFailure(error).status !== 404) throw error;
    }
  }
}
