import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { readGitHubRun } from "../src/github-run.ts";
import { pullRequestEvent, pushEvent } from "./support/github-events.ts";
import { createScratchFolder } from "./support/scratch-folder.ts";

const sha = "a".repeat(40);
const environment = {
  GITHUB_REPOSITORY: "acme/tiles",
  GITHUB_SHA: sha,
  GITHUB_RUN_ID: "4242",
  GITHUB_RUN_ATTEMPT: "2",
  GITHUB_JOB: "release",
  GITHUB_WORKFLOW_REF: "acme/tiles/.github/workflows/release.yml@refs/pull/7/merge",
};

it("a run knows its repository, commit, job and address", () => {
  assert.deepEqual(readGitHubRun(environment), {
    apiUrl: "https://api.github.com",
    owner: "acme",
    repo: "tiles",
    commit: sha,
    runId: 4242,
    runAttempt: 2,
    runUrl: "https://github.com/acme/tiles/actions/runs/4242/attempts/2",
    job: "acme/tiles/.github/workflows/release.yml release",
  });
});

it("a run of a pull request knows its number and head, which is not the commit that is checked out", async () => {
  const head = "b".repeat(40);
  await using folder = await createScratchFolder({
    "pull.json": JSON.stringify(pullRequestEvent(head, "topic").payload),
    "push.json": JSON.stringify(pushEvent(sha).payload),
    "broken.json": "{",
  });
  const pullRequestOf = (name: string) =>
    readGitHubRun({ ...environment, GITHUB_EVENT_PATH: join(folder.path, name) })?.pullRequest;
  assert.deepEqual(pullRequestOf("pull.json"), { number: 7, commit: head });
  for (const name of ["push.json", "broken.json", "absent.json"])
    assert.equal(pullRequestOf(name), undefined);
});

it("outside GitHub there is none", () => {
  assert.equal(readGitHubRun({}), undefined);
  assert.equal(readGitHubRun({ ...environment, GITHUB_SHA: "" }), undefined);
});
