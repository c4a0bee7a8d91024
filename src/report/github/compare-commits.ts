import type { CompareRemotely } from "../../release/ancestry.ts";
import type { GitHubClient } from "./client.ts";
import { githubTrouble } from "./trouble.ts";

/** Compares two commits at GitHub, which still has those that a force push took out of every branch. */
export function compareAtGitHub({ octokit, repository }: GitHubClient): CompareRemotely {
  return async (deployed, ours, signal) => {
    try {
      const { data } = await octokit.rest.repos.compareCommitsWithBasehead({
        ...repository,
        basehead: `${deployed}...${ours}`,
        // The files of a comparison come with its first page and are not wanted.
        per_page: 1,
        page: 2,
        request: { signal },
      });
      return kinds[data.status];
    } catch (error) {
      throw new Error(`GitHub did not compare the commits: ${githubTrouble(error, "contents: read")}`, {
        cause: error,
      });
    }
  };
}

const kinds = { ahead: "newer", behind: "older", diverged: "diverged", identical: "same" } as const;
