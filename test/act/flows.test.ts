/**
 * The workflow files of README.md from end to end under act: a control plane, a runner on each cluster, a real
 * worker, and what GitHub is told. One history, in order.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type ActRun, documentedAction, runAct } from "../support/act.ts";
import { type FakeGitHub, startFakeGitHub } from "../support/github/fake-github.ts";
import {
  type GitHubEvent,
  manualEvent,
  pullRequestEvent,
  pushEvent,
  tagEvent,
} from "../support/github-events.ts";
import { startRunnerProcess } from "../support/runner-process.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

const resources = new AsyncDisposableStack();
let controlPlane: SeededControlPlane;
let github: FakeGitHub;
let project: ScratchProject;
let first: string | undefined;
let second: string | undefined;

before(async () => {
  const clusters = ["dev", "tiles-dev", "tiles-north", "tiles-south"];
  controlPlane = resources.use(await seedControlPlane({ workflows: [], clusters }));
  github = resources.use(await startFakeGitHub());
  const scratch = resources.use(await createScratchFolder());
  for (const cluster of clusters.slice(1)) {
    const dataFolder = join(scratch.path, cluster);
    const { url, apiKey } = controlPlane;
    resources.use(startRunnerProcess({ url, apiKey, cluster, dataFolder }));
  }
  project = resources.use(
    await createScratchProject("tiles", {
      "tilebox.workflow.toml": (text) => text.replace("[targets.development]", "[targets.dev]"),
    }),
  );
});
after(() => resources.disposeAsync());

interface Flow {
  readonly event: (sha: string) => GitHubEvent;
  readonly secrets?: Readonly<Record<string, string>>;
  /** What the token of the job may do: a fork and Dependabot only read. */
  readonly writes?: readonly string[];
  readonly actor?: string;
}

async function act(
  file: string,
  { event, secrets = {}, writes = [], actor = "maintainer" }: Flow,
): Promise<ActRun> {
  const sha = await project.git("rev-parse", "HEAD");
  github.state.pullRequests.set(7, { headSha: sha, locked: false });
  github.state.commits.set(sha, []);
  const scopes = {
    contents: "read",
    ...Object.fromEntries(writes.map((scope) => [scope, "write"])),
  } as const;
  return await runAct({
    repositoryFolder: project.folder,
    workflow: await readFile(new URL(`workflows/${file}`, import.meta.url), "utf8"),
    event: event(sha),
    secrets: { GITHUB_TOKEN: github.addToken(scopes), ...secrets },
    env: { TILEBOX_API_URL: controlPlane.url, GITHUB_API_URL: github.url, GITHUB_ACTOR: actor },
  });
}

async function succeeds(file: string, flow: Flow): Promise<ActRun> {
  const run = await act(file, flow);
  assert.equal(run.exitCode, 0, run.log);
  assert.equal(run.steps[documentedAction], "success", run.log);
  assert.ok(!run.log.includes(controlPlane.apiKey));
  assert.deepEqual(github.violations, []);
  return run;
}

const withKey = () => ({ secrets: { TILEBOX_API_KEY: controlPlane.apiKey }, writes: ["deployments"] });

/** The last state of each of GitHub's deployments, the newest last. */
const states = () =>
  github.state.deployments.map(({ environment, statuses }) => `${environment} ${statuses.at(-1)?.state}`);

for (const [who, flow] of [
  ["a fork", { event: (sha: string) => pullRequestEvent(sha, "topic", "someone/tiles") }],
  [
    "Dependabot",
    { event: (sha: string) => pullRequestEvent(sha, "dependabot/uv/x"), actor: "dependabot[bot]" },
  ],
] satisfies [string, Flow][]) {
  test(`a pull request of ${who} gets the whole check without a secret`, async () => {
    const run = await succeeds("check.yml", flow);
    assert.equal(run.outputs.published, "skipped");
    assert.match(run.summary, /^## ✅ tiles builds: 5 tasks, 4 files/m);
    assert.match(run.summary, /Rehearsal/);
    assert.match(run.log, /comment was not written/);
    assert.deepEqual(github.state.comments, []);
  });
}

test("a pull request of the repository gets the comment", async () => {
  await succeeds("check.yml", {
    event: (sha) => pullRequestEvent(sha, "topic"),
    writes: ["pull_requests"],
  });
  const [comment, ...others] = github.state.comments;
  assert.equal(others.length, 0);
  assert.match(comment?.body ?? "", /tiles builds/);
});

test("the first run creates the workflow, publishes and deploys", async () => {
  const run = await succeeds("first-run.yml", { event: pushEvent, ...withKey() });
  first = run.outputs["release-id"];
  assert.equal(run.outputs.published, "created");
  assert.deepEqual(await controlPlane.deployed("tiles"), {
    dev: first,
    "tiles-dev": undefined,
    "tiles-north": undefined,
    "tiles-south": undefined,
  });
});

test("a tag is refused as long as dev has not proven its content", async () => {
  const run = await act("promote.yml", { event: (sha) => tagEvent(sha, "v0.9.0"), ...withKey() });
  assert.notEqual(run.exitCode, 0, run.log);
  assert.equal(run.outputs["failure-reason"], "promotion-unproven", run.log);
  assert.match(run.log, /tiles-dev: has no release of tiles/);
});

test("a push deploys to dev, where a runner loads the release and a job completes", async () => {
  const run = await succeeds("release.yml", { event: pushEvent, ...withKey() });
  assert.equal(run.outputs.published, "reused");
  assert.equal((await controlPlane.deployed("tiles"))["tiles-dev"], first);
  assert.match(run.summary, /smoke/);
  assert.equal(states().at(-1), "tiles/tiles-dev success");
});

test("the tag promotes exactly this release", async () => {
  const run = await succeeds("promote.yml", { event: (sha) => tagEvent(sha, "v1.0.0"), ...withKey() });
  assert.equal(run.outputs["release-id"], first);
  const { dev, ...deployed } = await controlPlane.deployed("tiles");
  assert.deepEqual(deployed, { "tiles-dev": first, "tiles-north": first, "tiles-south": first });
  assert.deepEqual(states().slice(-2).toSorted(), ["tiles/tiles-north success", "tiles/tiles-south success"]);
});

test("a tag on content that was never released is refused", async () => {
  await project.edit({ "tiles.py": (text) => `${text}\n# A change\n` });
  await project.commit();
  const run = await act("promote.yml", { event: (sha) => tagEvent(sha, "v1.1.0"), ...withKey() });
  assert.notEqual(run.exitCode, 0, run.log);
  assert.equal(run.outputs["failure-reason"], "release-not-found", run.log);
  assert.equal((await controlPlane.deployed("tiles"))["tiles-north"], first);
});

test("the change goes the same way", async () => {
  second = (await succeeds("release.yml", { event: pushEvent, ...withKey() })).outputs["release-id"];
  assert.notEqual(second, first);
  await succeeds("promote.yml", { event: (sha) => tagEvent(sha, "v1.1.0"), ...withKey() });
  const { dev, ...deployed } = await controlPlane.deployed("tiles");
  assert.deepEqual(deployed, { "tiles-dev": second, "tiles-north": second, "tiles-south": second });
});

test("the rollback gives production its previous release and leaves dev", async () => {
  await succeeds("rollback.yml", { event: (sha) => manualEvent(sha), ...withKey() });
  const { dev, ...deployed } = await controlPlane.deployed("tiles");
  assert.deepEqual(deployed, { "tiles-dev": second, "tiles-north": first, "tiles-south": first });
});
