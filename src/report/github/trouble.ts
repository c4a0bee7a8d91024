import { cut } from "../untrusted-text.ts";
import { isRateLimited, requestFailure } from "./client.ts";

/** Why a request to GitHub failed and what would help, as the rest of a sentence that begins with what was not done. */
export function githubTrouble(error: unknown, scope: string): string {
  const failure = requestFailure(error);
  const { status } = failure;
  const said = cut(failure.message.replaceAll(/\s+/g, " "), 200);
  if (isRateLimited(failure)) {
    const after = failure.headers["retry-after"];
    return `GitHub's rate limit is reached${after === undefined ? "" : ` for ${after} s`} (${status})`;
  }
  if (status === 403 && /locked/i.test(said)) return `the conversation is locked (403)`;
  if (status === 401) return `GitHub does not accept github-token (401: ${said})`;
  if (status === 403 || status === 404)
    return `GitHub does not permit it (${status}: ${said}); the job needs "permissions: ${scope}", which a pull request from a fork cannot have`;
  if (status === 0) {
    const slow = error instanceof Error && /abort|in time/i.test(`${error.name} ${error.message}`);
    return slow ? "GitHub did not answer in time" : `GitHub could not be reached (${said})`;
  }
  return `GitHub answered ${status}: ${said}`;
}
