/** What GitHub is told of a run of the action: GitHub's API as the fake has it, the rest real. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startAction } from "../support/action-runner.ts";
import { type FakeGitHub, startFakeGitHub } from "../support/github/fake-github.ts";
import { pullRequestEvent, pushEvent } from "../support/github-events.ts";
import { startHoldingProxy } from "../support/holding-proxy.ts";
import { createScratchProject } from "../support/scratch-project.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

const statesOf = (fake: FakeGitHub) =>
  fake.state.deployments.map(
    ({ environment, statuses }) => `${environment}: ${statuses.map(({ state }) => state).join(" ")}`,
  );

test("a pull request gets one comment, which a later run on it changes", async () => {
  await using fake = await startFakeGitHub();
  await using project = await createScratchProject("tiles");
  const sha = await project.git("rev-parse", "HEAD");
  fake.state.pullRequests.set(7, { headSha: sha, locked: false });
  const token = fake.addToken({ pull_requests: "write", contents: "read" });
  const check = async () =>
    await (
      await startAction({
        workspace: project.folder,
        event: pullRequestEvent(sha, "topic"),
        inputs: { "github-token": token },
        env: { GITHUB_API_URL: fake.url },
      })
    ).finished;

  await using passed = await check();
  assert.equal(passed.exitCode, 0, passed.log);
  const [comment, ...others] = fake.state.comments;
  assert.equal(others.length, 0);
  assert.match(comment?.body ?? "", /### ✅ tiles builds: 5 tasks/);
  assert.match(comment?.body ?? "", /workflow-release build \.<\/code>/);
  assert(!passed.log.includes(token));

  await project.edit({ "tiles.py": (text) => `import nothing_like_it\n${text}` });
  await using failed = await check();
  assert.equal(failed.exitCode, 1);
  assert.equal(fake.state.comments.length, 1);
  assert.notEqual(fake.state.comments[0]?.id, comment?.id, "a failure is announced by a new comment");
  assert.match(
    fake.state.comments[0]?.body ?? "",
    /### ❌ Failed while building: \S+ \(<code>tiles<\/code>\)/,
  );
  assert.deepEqual(fake.violations, []);
});

test("a fork's pull request has the same check, a notice in the log, and the summary", async () => {
  await using fake = await startFakeGitHub();
  await using project = await createScratchProject("tiles");
  const sha = await project.git("rev-parse", "HEAD");
  fake.state.pullRequests.set(7, { headSha: sha, locked: false });
  const running = await startAction({
    workspace: project.folder,
    event: pullRequestEvent(sha, "topic"),
    inputs: { "github-token": fake.addToken({ pull_requests: "read", contents: "read" }) },
    env: { GITHUB_API_URL: fake.url },
  });
  await using run = await running.finished;
  assert.equal(run.exitCode, 0, run.log);
  assert.match(run.log, /^The pull request's comment was not written: GitHub does not permit it \(403/m);
  assert.deepEqual(
    run.commands.filter(({ name }) => name === "error" || name === "warning"),
    [],
  );
  assert.match(run.summary, /^## ✅ tiles builds/);
  assert.equal(fake.state.comments.length, 0);
});

test("deployments go from in progress to success, and end also when the run is cancelled or GitHub fails", async () => {
  await using fake = await startFakeGitHub();
  await using controlPlane = await seedControlPlane({
    workflows: ["tiles"],
    clusters: ["tiles-dev", "tiles-north"],
  });
  await using proxy = await startHoldingProxy(controlPlane.url);
  await using project = await createScratchProject("tiles");
  const sha = await project.git("rev-parse", "HEAD");
  fake.state.commits.set(sha, []);
  const push = (token = fake.addToken({ deployments: "write", contents: "read" })) =>
    startAction({
      workspace: project.folder,
      event: pushEvent(sha),
      inputs: { ...inputsFor(controlPlane, proxy.url), "github-token": token },
      env: { GITHUB_API_URL: fake.url },
    });

  // Windows has no signal that one process could send another to ask it to end.
  if (process.platform !== "win32") {
    const deploying = proxy.hold("/DeployWorkflowRelease", "request");
    const running = await push();
    await deploying;
    await using cancelled = await running.cancel();
    assert.equal(cancelled.lastSignal, "SIGINT", "it took more than 7.5 s");
    assert.deepEqual(statesOf(fake), ["tiles/tiles-dev: in_progress failure"]);
    fake.state.deployments.length = 0;
  }

  await using deployed = await (await push()).finished;
  assert.equal(deployed.exitCode, 0, deployed.log);
  assert.deepEqual(statesOf(fake), [
    "tiles/tiles-dev: in_progress success",
    "tiles/tiles-north: in_progress success",
  ]);
  const records = fake.state.deployments.map(({ payload }) => payload as { readonly release: string });
  assert.deepEqual(
    records.map(({ release }) => release),
    [deployed.outputs["release-id"], deployed.outputs["release-id"]],
  );

  fake.fail(/deployments$/, { kind: "refuse", status: 500 }, 99);
  await using untold = await (await push()).finished;
  assert.equal(untold.exitCode, 0, untold.log);
  assert.match(
    untold.log,
    /GitHub Deployments could not be recorded: GitHub answered 500.*did not change what was deployed: tiles\/tiles-dev: unchanged/,
  );
  assert.deepEqual(fake.violations, []);
});

function inputsFor(controlPlane: SeededControlPlane, url: string): Record<string, string> {
  return {
    "api-url": url,
    "api-key": controlPlane.apiKey,
    "dev-cluster": "tiles-dev",
    "production-cluster": "tiles-north",
  };
}
