/** What the run's variables say of it, as every change on a control plane tells it. */
import { type RunProvenance, usableProvenance } from "../engine/provenance.ts";
import type { Environment } from "../worker/environment.ts";
import { readGitHubRun } from "./github-run.ts";

/** Empty outside GitHub Actions. */
export function readRunProvenance(env: Environment): RunProvenance {
  const run = readGitHubRun(env);
  if (run === undefined) return {};
  const { owner, repo, commit, runId: id, runAttempt: attempt, runUrl: url } = run;
  const { GITHUB_REF: ref = "", GITHUB_ACTOR: actor = "" } = env;
  return usableProvenance({ repository: `${owner}/${repo}`, commit, ref, actor, run: { id, attempt, url } });
}
