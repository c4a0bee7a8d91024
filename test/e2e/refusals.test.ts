/** Runs of the action that publish nothing: because they must not, or because something is wrong. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type ActionRun, runAction } from "../support/action-runner.ts";
import { type GitHubEvent, pullRequestEvent, pushEvent } from "../support/github-events.ts";
import { createScratchProject, type Edits } from "../support/scratch-project.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

const resources = new AsyncDisposableStack();
let controlPlane: SeededControlPlane;

before(async () => {
  controlPlane = resources.use(
    await seedControlPlane({ workflows: ["tiles"], clusters: ["tiles-dev", "tiles-north"] }),
  );
});
after(() => resources.disposeAsync());

async function run(
  event: (sha: string) => GitHubEvent,
  inputs: Readonly<Record<string, string>>,
  edits: Edits = {},
): Promise<ActionRun> {
  await using project = await createScratchProject("tiles", edits);
  return await runAction({
    workspace: project.folder,
    event: event(await project.git("rev-parse", "HEAD")),
    inputs: { "api-url": controlPlane.url, ...inputs },
  });
}

test("a pull request only builds, though it has a key, and shows hostile names as text", async () => {
  const name = "@octocat #1 `code` [x](y) $z & __main__.py";
  const identifier = '::error::</code><img src=x>|@octocat"##[error]';
  await using pullRequest = await run(
    (sha) => pullRequestEvent(sha, "feature"),
    { "api-key": controlPlane.apiKey, "dev-clusters": "tiles-dev", "dev-cluster": "tiles-dev" },
    { [name]: "", "tiles.py": (text) => text.replace('"tiles/Flaky"', JSON.stringify(identifier)) },
  );
  assert.equal(pullRequest.exitCode, 0, pullRequest.log);
  assert.match(pullRequest.log, /^Build only: the event is pull_request$/m);
  assert.equal(pullRequest.outputs.published, "skipped");
  assert.equal(pullRequest.outputs.changed, "false");
  assert.equal(pullRequest.outputs.deployments, "[]");
  assert.match(pullRequest.summary, /nothing is published because the event is pull_request/);
  assert.ok(
    pullRequest.commands.every((command) => command.name !== "error"),
    pullRequest.log,
  );
  assert.ok(!pullRequest.log.includes("##[error]"), pullRequest.log);
  const warnings = pullRequest.commands.filter((command) => command.name === "warning");
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]?.message ?? "", /dev-clusters.*dev-cluster\b/s);
  for (const raw of ["<img", "@octocat", "`code`", "[x](y)", "$z", "__main__"]) {
    assert.ok(!pullRequest.summary.includes(raw), `the summary has ${raw}:\n${pullRequest.summary}`);
  }
  assert.match(pullRequest.summary, /&#60;img src=x&#62;&#124;/);
  const names = JSON.parse(pullRequest.outputs.tasks ?? "").map((task: { name: string }) => task.name);
  assert.ok(names.includes(identifier));
});

test("a push without a key only builds", async () => {
  await using push = await run(pushEvent, {});
  assert.equal(push.exitCode, 0, push.log);
  assert.match(push.log, /^Build only: there is no API key$/m);
  assert.equal(push.outputs.published, "skipped");
});

test("publish: true without a key fails before anything is built", async () => {
  await using push = await run(pushEvent, { publish: "true" });
  assert.equal(push.exitCode, 2);
  assert.equal(push.outputs["failure-reason"], "api-key-missing");
  assert.equal(push.outputs["artifact-digest"], "");
  assert.match(push.summary, /^## ❌ Failed while reading the inputs: api-key-missing$/m);
});

test("a wrong key publishes nothing and is not shown", async () => {
  const wrongKey = "wfr_0123456789abcdefghijklmnopqrstuvwxyz";
  await using push = await run(pushEvent, { "api-key": wrongKey, "dev-cluster": "tiles-dev" });
  assert.equal(push.exitCode, 1, push.log);
  assert.equal(push.outputs["failure-reason"], "unauthenticated");
  assert.ok(!push.log.includes(wrongKey) && !push.summary.includes(wrongKey));
});

test("unknown clusters are all named, and nothing is published", async () => {
  await using push = await run(pushEvent, {
    "api-key": controlPlane.apiKey,
    "dev-cluster": "tiles-dev, nowhere-1",
    "production-cluster": "nowhere-2",
  });
  assert.equal(push.exitCode, 1, push.log);
  assert.equal(push.outputs["failure-reason"], "cluster-not-found");
  assert.match(push.log, /nowhere-1/);
  assert.match(push.log, /nowhere-2/);
  assert.equal(push.outputs.published, "skipped");
});

test("one cluster in both stages, a repeated and an empty entry fail before anything is built", async () => {
  const key = { "api-key": controlPlane.apiKey };
  await using both = await run(pushEvent, {
    ...key,
    "dev-cluster": "tiles-dev,tiles-dev",
    "production-cluster": "tiles-dev",
  });
  assert.equal(both.exitCode, 2);
  assert.equal(both.outputs["failure-reason"], "clusters-invalid");
  assert.equal(both.outputs["artifact-digest"], "");
  assert.match(both.log, /tiles-dev is both a dev and a production cluster/);
  assert.match(both.log, /dev-cluster names tiles-dev twice/);
  await using empty = await run(pushEvent, { ...key, "dev-cluster": "tiles-dev,,tiles-north" });
  assert.equal(empty.outputs["failure-reason"], "input-invalid");
  assert.match(empty.log, /entry 2 is empty/);
});

test("a project that does not import is annotated at its line", async () => {
  const broken = (text: string) => `${text}\nprint(undefined_name)\n`;
  await using push = await run(pushEvent, { "api-key": controlPlane.apiKey }, { "tiles.py": broken });
  assert.equal(push.exitCode, 1, push.log);
  assert.equal(push.outputs["failure-reason"], "import-failed", push.log);
  assert.match(push.summary, /^## ❌ Failed while building: import-failed$/m);
  const located = push.commands.find(({ name, properties }) => name === "error" && properties.file);
  assert.ok(located, push.log);
  assert.match(located.properties.file ?? "", /tiles\.py$/);
  assert.match(located.message, /undefined_name/);
  assert.ok(Number(located.properties.line) > 90, located.properties.line);
});

test("a configuration with several mistakes is annotated at each of them", async () => {
  const config = '[workflow]\nslug = "tiles"\nruner = "tiles:runner"\n\n[build]\nincludes = ["*.py"]\n';
  await using push = await run(pushEvent, {}, { "tilebox.workflow.toml": config });
  assert.equal(push.exitCode, 2, push.log);
  assert.equal(push.outputs["failure-reason"], "config-invalid");
  const lines = push.commands
    .filter(({ name, properties }) => name === "error" && properties.file === "tilebox.workflow.toml")
    .map(({ properties }) => properties.line);
  assert.ok(lines.includes("3") && lines.includes("6"), push.log);
});

test("a runner without a place for temporary files is told so in the log", async () => {
  await using project = await createScratchProject("tiles");
  await using push = await runAction({
    workspace: project.folder,
    event: pushEvent(await project.git("rev-parse", "HEAD")),
    env: { RUNNER_TEMP: `${project.folder}/missing` },
  });
  assert.equal(push.exitCode, 3);
  const [error] = push.commands.filter(({ name }) => name === "error");
  assert.match(error?.message ?? "", /missing/);
});

test("whatever the runs of this file tried, nothing came of it", async () => {
  assert.deepEqual(await controlPlane.releases("tiles"), []);
});
