import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { readBaseCommit, readGitHubRun } from "../../src/inputs/github-run.ts";
import { pullRequestEvent, pushEvent } from "../support/github-events.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

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

it("what a pull request or a merge queue will be merged into is in the event", async () => {
  await using folder = await createScratchFolder();
  const baseOf = async (event: object) => {
    await folder.write({ "event.json": JSON.stringify(event) });
    return readBaseCommit({ GITHUB_EVENT_PATH: join(folder.path, "event.json") });
  };
  const [commit, head] = ["a".repeat(40), "b".repeat(40)];
  const request = { number: 7, head: { sha: head }, base: { ref: "main", sha: commit } };
  assert.deepEqual(await baseOf({ pull_request: request }), { name: "main", commit, head });
  const group = { base_ref: "refs/heads/main", base_sha: commit };
  assert.deepEqual(await baseOf({ merge_group: group }), { name: "main", commit });
  assert.equal(
    await baseOf({ pull_request: { ...request, base: { ref: "main", sha: "--help" } } }),
    undefined,
  );
  assert.equal(await baseOf({ ref: "refs/heads/main" }), undefined);
  assert.equal(readBaseCommit({}), undefined);
});
