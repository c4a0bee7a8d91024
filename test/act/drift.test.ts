/** The documented check for drift under act: what a push deployed, and what somebody took away. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { createApiClient } from "../../src/api/client.ts";
import { releaseIdBytes } from "../../src/release/release-id.ts";
import { documentedAction, runAct } from "../support/act.ts";
import { runAction } from "../support/action-runner.ts";
import { pushEvent, scheduleEvent } from "../support/github-events.ts";
import { createScratchProject } from "../support/scratch-project.ts";
import { seedControlPlane } from "../support/seeded-control-plane.ts";

test("the schedule is green while the clusters are as deployed last, and red when they are not", async () => {
  const clusters = ["tiles-dev", "tiles-north", "tiles-south"];
  await using controlPlane = await seedControlPlane({ workflows: ["tiles"], clusters });
  await using project = await createScratchProject("tiles");
  const { url, apiKey } = controlPlane;
  const sha = await project.git("rev-parse", "HEAD");
  const workflow = await readFile(new URL("workflows/drift.yml", import.meta.url), "utf8");
  const check = () =>
    runAct({
      ...{ repositoryFolder: project.folder, workflow, event: scheduleEvent(sha) },
      ...{ secrets: { TILEBOX_API_KEY: apiKey }, env: { TILEBOX_API_URL: url } },
    });
  const inputs = { "api-url": url, "api-key": apiKey, "dev-cluster": clusters.join() };
  await using pushed = await runAction({ workspace: project.folder, event: pushEvent(sha), inputs });
  assert.equal(pushed.exitCode, 0, pushed.log);

  const green = await check();
  assert.equal(green.exitCode, 0, green.log);
  assert.equal(green.steps[documentedAction], "success");

  using api = await createApiClient({ url, apiKey, env: {} });
  const uuid = releaseIdBytes(pushed.outputs["release-id"] ?? "") ?? assert.fail();
  const change = { workflowSlug: "tiles", releaseId: { uuid }, clusterSlugs: ["tiles-south"] };
  await api.workflows.undeployWorkflowRelease(change);
  const red = await check();
  assert.equal(red.exitCode, 1, red.log);
  assert.equal(red.outputs["failure-reason"], "drift-found");
  assert.match(red.summary, /<code>tiles-south<\/code> .*has something else than was deployed last/);
});
