import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CommentPart, parseComment } from "../../../src/report/github/comment-text.ts";
import { contributeToComment } from "../../../src/report/github/sticky-comment.ts";
import { clientOf } from "../../support/github/client.ts";
import { type FakeGitHub, startFakeGitHub } from "../../support/github/fake-github.ts";

const pullRequest = 7;
const firstCommit = "a".repeat(40);
const secondCommit = "b".repeat(40);
const scopes = { pull_requests: "write" } as const;

function part(key: string, changes: Partial<CommentPart> = {}): CommentPart {
  return {
    key,
    commit: firstCommit,
    failed: false,
    title: `✅ ${key} builds`,
    runUrl: "https://github.com/acme/tiles/actions/runs/1",
    sections: [{ name: "release", leaveOutRank: 3, markdown: `| ${key} |` }],
    leftOut: [],
    ...changes,
  };
}

async function openPullRequest(latencyMs?: () => number): Promise<FakeGitHub> {
  const fake = await startFakeGitHub(latencyMs === undefined ? {} : { latencyMs });
  fake.state.pullRequests.set(pullRequest, { headSha: firstCommit, locked: false });
  return fake;
}

async function contribute(fake: FakeGitHub, token: string, contribution: CommentPart, staleMs = 5_000) {
  const signal = AbortSignal.timeout(30_000);
  const client = await clientOf(fake, token, signal);
  return await contributeToComment(
    client,
    { number: pullRequest, commit: contribution.commit },
    [contribution],
    {
      pollMs: 8,
      staleMs,
      random: Math.random,
      signal,
    },
  );
}

function keysOf(fake: FakeGitHub): string[] {
  const ours = fake.state.comments.filter(({ body }) => parseComment(body) !== undefined);
  assert.equal(ours.length, 1, "there is one comment");
  return (parseComment(ours[0]?.body ?? "")?.parts ?? []).map(({ key }) => key).toSorted();
}

describe("the pull request's comment", () => {
  it("gets the parts of 8 jobs that write at once, 20 times over, and is one", async () => {
    const keys = Array.from({ length: 8 }, (_, i) => `project-${i}`);
    for (let repetition = 0; repetition < 20; repetition++) {
      await using fake = await openPullRequest(() => Math.random() * 3);
      const token = fake.addToken(scopes);
      // Every other time the comment is there already; every third time, jobs fail.
      if (repetition % 2 === 1) await contribute(fake, token, part("project-0"));
      const done = await Promise.all(
        keys.map((key, i) =>
          contribute(fake, token, part(key, { failed: repetition % 3 === 0 && i % 2 === 0 })),
        ),
      );
      assert.deepEqual(new Set(done), new Set(["written"]));
      assert.deepEqual(keysOf(fake), keys);
      assert.deepEqual(
        fake.state.reactions.filter(({ comment }) => comment === fake.state.comments[0]?.id),
        [],
      );
      assert.deepEqual(fake.violations, []);
    }
  });

  it("is found behind other comments, and by its author alone", async () => {
    await using fake = await openPullRequest();
    const token = fake.addToken(scopes);
    await contribute(fake, token, part("one"));
    const [real] = fake.state.comments.splice(0, 1);
    assert(real);
    const forged = fake.state.addComment(pullRequest, { login: "mallory", type: "User" }, real.body);
    for (let i = 0; i < 250; i++) fake.state.addComment(pullRequest, { login: "dev", type: "User" }, `${i}`);
    fake.state.comments.push({ ...real, id: fake.state.nextId() });
    await contribute(fake, token, part("two"));
    assert.equal(forged.body, real.body);
    assert.deepEqual(
      parseComment(fake.state.comments.at(-1)?.body ?? "")?.parts.map(({ key }) => key),
      ["one", "two"],
    );
  });

  it("drops the parts of an older commit, and takes none from a job whose commit is no longer the head", async () => {
    await using fake = await openPullRequest();
    const token = fake.addToken(scopes);
    await contribute(fake, token, part("one"));
    await contribute(fake, token, part("two"));
    fake.state.pullRequests.set(pullRequest, { headSha: secondCommit, locked: false });
    assert.equal(await contribute(fake, token, part("one")), "outdated");
    assert.equal(await contribute(fake, token, part("two", { commit: secondCommit })), "written");
    assert.deepEqual(keysOf(fake), ["two"]);
  });

  it("is made anew when a job turns to failure, once a commit, and edited otherwise", async () => {
    await using fake = await openPullRequest();
    const token = fake.addToken(scopes);
    const idAfter = async (contribution: CommentPart) => {
      await contribute(fake, token, contribution);
      assert.equal(fake.state.comments.length, 1);
      return fake.state.comments[0]?.id;
    };
    const passing = await idAfter(part("one"));
    assert.equal(await idAfter(part("two")), passing);
    const failed = await idAfter(part("one", { failed: true }));
    assert.notEqual(failed, passing);
    assert.equal(await idAfter(part("two", { failed: true })), failed, "one announcement a commit");
    fake.state.pullRequests.set(pullRequest, { headSha: secondCommit, locked: false });
    assert.equal(await idAfter(part("one", { commit: secondCommit, failed: true })), failed, "still failing");
    assert.equal(await idAfter(part("one", { commit: secondCommit })), failed, "mended");
    assert.notEqual(
      await idAfter(part("one", { commit: secondCommit, failed: true })),
      failed,
      "failed again",
    );
  });

  it("is written by others when the job that held its lock died", async () => {
    await using fake = await openPullRequest();
    const token = fake.addToken(scopes);
    await contribute(fake, token, part("one"));
    const [comment] = fake.state.comments;
    assert(comment);
    const { id, author } = comment;
    fake.state.reactions.push({ id: fake.state.nextId(), comment: id, author, content: "eyes" });
    await contribute(fake, token, part("two"), 100);
    assert.deepEqual(keysOf(fake), ["one", "two"]);
  });

  it("survives lost answers, errors and rate limits", async () => {
    await using fake = await openPullRequest();
    const token = fake.addToken(scopes);
    fake.fail(/^POST .*comments$/, { kind: "lose-answer" });
    await contribute(fake, token, part("one"));
    fake.fail(/^PATCH/, { kind: "refuse", status: 502 }, 2);
    fake.fail(/^GET .*comments$/, { kind: "hang" });
    fake.fail(/^POST .*reactions$/, { kind: "refuse", status: 429, headers: { "retry-after": "0" } });
    fake.fail(/^DELETE .*reactions/, { kind: "lose-answer" });
    await contribute(fake, token, part("two"));
    fake.fail(/^POST .*comments$/, { kind: "lose-answer" });
    await contribute(fake, token, part("two", { failed: true }));
    assert.deepEqual(keysOf(fake), ["one", "two"]);
  });

  it("is left alone without permission, and GitHub's answer is thrown", async () => {
    await using fake = await openPullRequest();
    await assert.rejects(
      contribute(fake, fake.addToken({ pull_requests: "read" }), part("one")),
      /not accessible/,
    );
    assert.equal(fake.state.comments.length, 0);
  });
});
