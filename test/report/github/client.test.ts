import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { githubTrouble } from "../../../src/report/github/trouble.ts";
import { clientOf } from "../../support/github/client.ts";
import { type FakeGitHub, startFakeGitHub } from "../../support/github/fake-github.ts";

async function opened(): Promise<FakeGitHub> {
  const fake = await startFakeGitHub();
  fake.state.pullRequests.set(7, { headSha: "a".repeat(40), locked: false });
  return fake;
}

const getPull = /^GET .*pulls/;

async function pull(
  fake: FakeGitHub,
  token = fake.addToken({ pull_requests: "read" }),
  signal?: AbortSignal,
) {
  const { octokit, repository } = await clientOf(fake, token, signal);
  return await octokit.rest.pulls.get({ ...repository, pull_number: 7 });
}

describe("GitHub's API within limits", () => {
  it("repeats a read after errors, broken connections and silence", async () => {
    await using fake = await opened();
    fake.fail(getPull, { kind: "refuse", status: 502 });
    fake.fail(getPull, { kind: "lose-answer" });
    fake.fail(getPull, { kind: "hang" });
    assert.equal((await pull(fake)).data.number, 7);
    assert.equal(fake.calls.length, 4);
  });

  it("waits as long as GitHub asks, when that is short", async () => {
    await using fake = await opened();
    fake.fail(getPull, {
      kind: "refuse",
      status: 403,
      message: "You have exceeded a secondary rate limit",
      headers: { "retry-after": "1" },
    });
    const startMs = performance.now();
    await pull(fake);
    assert(performance.now() - startMs >= 1_000);
    fake.fail(getPull, { kind: "refuse", status: 429, headers: { "retry-after": "60" } });
    const error = await pull(fake).catch((thrown: unknown) => thrown);
    assert.equal(githubTrouble(error, "deployments: write"), "GitHub's rate limit is reached for 60 s (429)");
  });

  it("does not repeat what would make a second comment or deployment", async () => {
    await using fake = await opened();
    const { octokit, repository } = await clientOf(fake, fake.addToken({ pull_requests: "write" }));
    fake.fail(/^POST .*comments$/, { kind: "lose-answer" });
    await assert.rejects(octokit.rest.issues.createComment({ ...repository, issue_number: 7, body: "x" }));
    assert.equal(fake.state.comments.length, 1);
  });

  it("ends with its signal, also while it waits", async () => {
    await using fake = await opened();
    fake.fail(getPull, { kind: "refuse", status: 429, headers: { "retry-after": "1" } }, 9);
    const startMs = performance.now();
    await assert.rejects(pull(fake, undefined, AbortSignal.timeout(100)));
    assert(performance.now() - startMs < 1_000);
  });

  it("says why it failed and what would help", async () => {
    await using fake = await opened();
    const trouble = async (token?: string) =>
      githubTrouble(await pull(fake, token).catch((thrown: unknown) => thrown), "pull-requests: write");
    assert.match(
      await trouble(fake.addToken({})),
      /does not permit it \(403: Resource not accessible.*"permissions: pull-requests: write"/,
    );
    assert.match(await trouble("nonsense"), /does not accept github-token \(401: Bad credentials\)/);
    fake.fail(getPull, { kind: "hang" }, 4);
    assert.equal(await trouble(), "GitHub did not answer in time");
    fake.fail(getPull, { kind: "refuse", status: 500 }, 4);
    assert.equal(await trouble(), "GitHub answered 500: Server Error");
  });
});
