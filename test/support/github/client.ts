import {
  createGitHubClient,
  type GitHubClient,
  type GitHubLimits,
} from "../../../src/report/github/client.ts";
import type { FakeGitHub } from "./fake-github.ts";

/** Quick enough for tests; the rules are those of the real limits. */
export const quickLimits: GitHubLimits = { requestMs: 1_000, attempts: 4, firstDelayMs: 5, maxWaitMs: 1_500 };

export async function clientOf(
  fake: FakeGitHub,
  token: string,
  signal: AbortSignal = AbortSignal.timeout(60_000),
): Promise<GitHubClient> {
  const target = { apiUrl: fake.url, token, owner: "acme", repo: "tiles" };
  return await createGitHubClient(target, { signal, limits: quickLimits });
}
