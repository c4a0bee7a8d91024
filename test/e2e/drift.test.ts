/** A scheduled run compares the clusters with what a push deployed. The tests are one history, in order. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import { releaseIdBytes } from "../../src/release/release-id.ts";
import { runAction } from "../support/action-runner.ts";
import { type GitHubEvent, pushEvent, scheduleEvent } from "../support/github-events.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

const resources = new AsyncDisposableStack();
let controlPlane: SeededControlPlane;
let project: ScratchProject;
let person: HttpApiClient;
let release = "";

before(async () => {
  const clusters = ["tiles-dev", "tiles-north", "tiles-south"];
  controlPlane = resources.use(await seedControlPlane({ workflows: ["tiles"], clusters }));
  project = resources.use(await createScratchProject("tiles"));
  person = resources.use(
    await createApiClient({ url: controlPlane.url, apiKey: controlPlane.apiKey, env: {} }),
  );
});
after(() => resources.disposeAsync());

async function run(event: (sha: string) => GitHubEvent, inputs: Readonly<Record<string, string>>) {
  const api = { "api-url": controlPlane.url, "api-key": controlPlane.apiKey };
  return await runAction({
    workspace: project.folder,
    event: event(await project.git("rev-parse", "HEAD")),
    inputs: { ...api, ...inputs },
  });
}

const check = () => run(scheduleEvent, { publish: "check" });

test("before anything is deployed the targets' clusters are empty, which is drift", async () => {
  await using checked = await check();
  assert.equal(checked.exitCode, 1, checked.log);
  assert.equal(checked.outputs["failure-reason"], "drift-found");
  assert.match(checked.log, /^tiles-dev +not known +none +has no release, and a target names it$/m);
});

test("after a push has deployed, all is as it should be, and nothing is built or changed", async () => {
  await using pushed = await run(pushEvent, {
    "dev-cluster": "target:development",
    "production-cluster": "target:production",
  });
  assert.equal(pushed.exitCode, 0, pushed.log);
  release = pushed.outputs["release-id"] ?? "";
  await using checked = await check();
  assert.equal(checked.exitCode, 0, checked.log);
  assert.match(checked.log, /^Compare the clusters: publish: check$/m);
  assert.match(checked.summary, /^## ✅ tiles: 3 clusters as deployed last$/m);
  assert.equal(checked.outputs.published, "skipped");
  assert.equal(checked.outputs.changed, "false");
});

test("what somebody else changed is shown with what was expected, what is there and who did it", async () => {
  const uuid = releaseIdBytes(release) ?? assert.fail();
  await person.workflows.undeployWorkflowRelease({
    ...{ workflowSlug: "tiles", releaseId: { uuid }, clusterSlugs: ["tiles-north"] },
  });
  await using checked = await check();
  assert.equal(checked.exitCode, 1, checked.log);
  assert.equal(checked.outputs["failure-reason"], "drift-found");
  assert.match(checked.summary, /^## ❌ Failed while comparing the clusters: drift-found$/m);
  const row = checked.summary.split("\n").find((line) => line.startsWith("| <code>tiles-north</code> |"));
  assert.match(
    row ?? "",
    new RegExp(`<code>${release}</code> \\| none \\| ❌.*has something else.*with the key test \\|$`),
  );
  await using named = await run(scheduleEvent, { publish: "check", "dev-cluster": "tiles-dev" });
  assert.equal(named.exitCode, 0, "the clusters that the inputs name are as they should be");
});
