/** What GitHub is told, with the expressions of action.yml evaluated: the token and the values of a matrix. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseComment } from "../../src/report/github/comment-text.ts";
import { documentedAction, runAct } from "../support/act.ts";
import { startFakeGitHub } from "../support/github/fake-github.ts";
import { pullRequestEvent } from "../support/github-events.ts";
import { createScratchProject } from "../support/scratch-project.ts";

const workflow = `
on: pull_request
permissions:
  contents: read
  pull-requests: write
jobs:
  check:
    strategy:
      matrix:
        flavour: [one, two, three]
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
      - uses: ${documentedAction}
`;

test("the jobs of a matrix share one comment, each with a part of its own", async () => {
  await using fake = await startFakeGitHub();
  await using project = await createScratchProject("tiles");
  const sha = await project.git("rev-parse", "HEAD");
  fake.state.pullRequests.set(7, { headSha: sha, locked: false });
  const run = await runAct({
    repositoryFolder: project.folder,
    workflow,
    event: pullRequestEvent(sha, "topic"),
    secrets: { GITHUB_TOKEN: fake.addToken({ pull_requests: "write", contents: "read" }) },
    env: { GITHUB_API_URL: fake.url },
  });
  assert.equal(run.exitCode, 0, run.log);
  const [comment, ...others] = fake.state.comments;
  assert.equal(others.length, 0, "there is one comment");
  const titles = parseComment(comment?.body ?? "")?.parts.map(({ title }) => title) ?? [];
  assert.deepEqual(
    titles.map((title) => /\(<code>(.*)<\/code>\)$/.exec(title)?.[1]).toSorted(),
    ["one", "three", "two"],
    run.log,
  );
  assert.deepEqual(fake.violations, []);
});
