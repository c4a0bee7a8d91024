/** The input `cache`: which runs may take what an earlier one found. */
import type { CachePlan } from "../build/cache/open-cache.ts";
import type { Problem } from "../errors.ts";
import { cachePlan, type RunPlan } from "../run-plan.ts";
import type { Environment } from "../worker/environment.ts";

/**
 * Releases are built without the cache, so that what a cache could do to them need not be asked; code of others that
 * runs with this repository's rights (pull_request_target, workflow_run) must not leave anything behind in it.
 */
export function parseCache(
  env: Environment,
  value: string,
  publish: RunPlan["publish"],
  apiKey: string | undefined,
  problems: Problem[],
): CachePlan {
  if (value === "false") return { kind: "off", miss: { kind: "switched-off" } };
  if (value !== "auto" && value !== "true") {
    problems.push({
      message: `cache: ${JSON.stringify(value)} is not a choice`,
      hint: "auto, true or false",
    });
  }
  const event = value === "true" ? undefined : uncachedEvent(env);
  if (event !== undefined) return { kind: "off", miss: { kind: "event", event } };
  return cachePlan(publish, apiKey);
}

function uncachedEvent(
  env: Environment,
): "tag push" | "release" | "pull_request_target" | "workflow_run" | undefined {
  const event = env.GITHUB_EVENT_NAME;
  if (event === "release" || event === "pull_request_target" || event === "workflow_run") return event;
  return event === "push" && env.GITHUB_REF?.startsWith("refs/tags/") ? "tag push" : undefined;
}
