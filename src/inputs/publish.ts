/** The input `publish`: whether the event publishes where nobody says so. */
import type { ApiTarget } from "../api/target.ts";
import { type Problem, UserError } from "../errors.ts";
import type { PublishPlan, RunPlan } from "../run-plan.ts";
import type { Environment } from "../worker/environment.ts";
import { readApiTarget } from "./api-target.ts";

/**
 * Events whose code nobody with write access has accepted yet, or (workflow_run, pull_request_target)
 * that run with secrets on behalf of such code. Without an explicit `publish: true` they only build.
 */
const unacceptedCodeEvents: ReadonlySet<string> = new Set([
  "pull_request",
  "pull_request_target",
  "pull_request_review",
  "merge_group",
  "workflow_run",
  "issue_comment",
]);

/** @throws UserError api-key-missing for `true` or `check` without a key. */
export function parsePublish(
  env: Environment,
  input: { mode: string; createWorkflow: boolean; release: PublishPlan["release"] },
  problems: Problem[],
): RunPlan["publish"] {
  const api = readApiTarget(env);
  const event = env.GITHUB_EVENT_NAME ?? "";
  const ref = env.GITHUB_REF ?? "";
  const publishing = (why: string): PublishPlan => ({
    kind: "publish",
    why,
    api,
    createWorkflow: input.createWorkflow,
    release: input.release,
  });
  switch (input.mode.toLowerCase()) {
    case "false":
      return { kind: "build-only", why: "publish: false" };
    case "true":
      requireKey(api, "publish: true");
      return publishing("publish: true");
    case "check":
      requireKey(api, "publish: check");
      return { kind: "check", why: "publish: check", api };
    case "auto":
      if (unacceptedCodeEvents.has(event)) {
        const looks = api.apiKey === undefined ? {} : { looksAt: api };
        return { kind: "build-only", why: `the event is ${event}`, ...looks };
      }
      if (api.apiKey === undefined) return { kind: "build-only", why: "there is no API key" };
      return publishing(
        `the event is ${event || "unknown"}${ref ? ` on ${ref}` : ""} and there is an API key`,
      );
    default:
      problems.push({
        message: `publish: ${JSON.stringify(input.mode)} is not a choice`,
        hint: "auto, true, false or check",
      });
      return { kind: "build-only", why: "publish is not valid" };
  }
}

function requireKey({ apiKey }: ApiTarget, input: string): void {
  if (apiKey !== undefined) return;
  throw new UserError(
    "api-key-missing",
    `${input}, but there is neither the input api-key nor TILEBOX_API_KEY`,
  );
}
