/** A pull request whose run has a key sees what its release would change, and changes nothing. One history, in order. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { runAction } from "../support/action-runner.ts";
import { type GitHubEvent, pullRequestEvent, pushEvent } from "../support/github-events.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

const resources = new AsyncDisposableStack();
let controlPlane: SeededControlPlane;
let project: ScratchProject;
let release = "";

before(async () => {
  const clusters = ["tiles-dev", "tiles-north", "tiles-south"];
  controlPlane = resources.use(await seedControlPlane({ workflows: ["tiles"], clusters }));
  project = resources.use(await createScratchProject("tiles"));
});
after(() => resources.disposeAsync());

async function run(event: (sha: string) => GitHubEvent, inputs: Readonly<Record<string, string>> = {}) {
  return await runAction({
    workspace: project.folder,
    event: event(await project.git("rev-parse", "HEAD")),
    inputs: {
      "api-url": controlPlane.url,
      "api-key": controlPlane.apiKey,
      "dev-cluster": "target:development",
      "production-cluster": "target:production",
      ...inputs,
    },
  });
}

const pullRequest = (sha: string) => pullRequestEvent(sha, "topic");

test("what each cluster has and would get is shown beside the check", async () => {
  await using pushed = await run(pushEvent, { "production-cluster": "" });
  assert.equal(pushed.exitCode, 0, pushed.log);
  release = pushed.outputs["release-id"] ?? assert.fail();
  await project.edit({ "tiles.py": (text) => `${text}\n# A change\n` });
  await project.commit();
  await using checked = await run(pullRequest);
  assert.equal(checked.exitCode, 0, checked.log);
  const rows = checked.summary.split("\n").filter((line) => line.startsWith("| <code>tiles-"));
  assert.deepEqual(rows.slice(0, 3), [
    `| <code>tiles-dev</code> | dev | <code>${release}</code> | <code>a new release</code> |`,
    "| <code>tiles-north</code> | production | none | <code>a new release</code> |",
    "| <code>tiles-south</code> | production | none | <code>a new release</code> |",
  ]);
  assert.equal(checked.outputs.published, "skipped");
  assert.equal(checked.outputs.changed, "false");
  assert.deepEqual(await controlPlane.releases("tiles"), [release]);
  assert.ok(!checked.log.replaceAll(/^::add-mask::.*$/gm, "").includes(controlPlane.apiKey));
});

test("clusters that cannot be read are a notice, and the check stays green", async () => {
  await using checked = await run(pullRequest, { "api-key": "wfr_wrong" });
  assert.equal(checked.exitCode, 0, checked.log);
  assert.match(checked.summary, /What the clusters have could not be read/);
});

test("without clusters or without a key nothing is asked", async () => {
  for (const inputs of [{ "dev-cluster": "", "production-cluster": "" }, { "api-key": "" }]) {
    await using checked = await run(pullRequest, { "api-url": "https://127.0.0.1:1", ...inputs });
    assert.equal(checked.exitCode, 0, checked.log);
    assert.doesNotMatch(checked.summary, /could not be read/);
  }
});
