/** The post step as a runner starts it: with the state of a main step that was killed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { documentedAction, runAct } from "../support/act.ts";
import { startFakeGitHub } from "../support/github/fake-github.ts";
import { pushEvent } from "../support/github-events.ts";
import { startHoldingProxy } from "../support/holding-proxy.ts";
import { processesWith } from "../support/process-list.ts";
import { createScratchProject } from "../support/scratch-project.ts";
import { seedControlPlane } from "../support/seeded-control-plane.ts";

const workflow = `
on: push
permissions:
  contents: read
  deployments: write
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
      - uses: ${documentedAction}
        with:
          api-key: \${{ secrets.TILEBOX_API_KEY }}
          dev-cluster: tiles-dev
`;

test("the post step ends the GitHub Deployment of a run that was killed while it deployed", async () => {
  await using fake = await startFakeGitHub();
  await using controlPlane = await seedControlPlane({ workflows: ["tiles"], clusters: ["tiles-dev"] });
  await using proxy = await startHoldingProxy(controlPlane.url);
  await using project = await createScratchProject("tiles");
  const sha = await project.git("rev-parse", "HEAD");
  fake.state.commits.set(sha, []);
  const states = () => fake.state.deployments.flatMap(({ statuses }) => statuses.map(({ state }) => state));
  const deploying = proxy.hold("/DeployWorkflowRelease", "request");
  const running = runAct({
    repositoryFolder: project.folder,
    workflow,
    event: pushEvent(sha),
    secrets: {
      TILEBOX_API_KEY: controlPlane.apiKey,
      GITHUB_TOKEN: fake.addToken({ deployments: "write", contents: "read" }),
    },
    env: { TILEBOX_API_URL: proxy.url, GITHUB_API_URL: fake.url },
  });
  await Promise.race([deploying, running]);
  while (states()[0] !== "in_progress") await sleep(20);
  const [main] = processesWith(`TILEBOX_API_URL=${proxy.url}`).filter(({ commandLine }) =>
    commandLine.includes("dist/index.js"),
  );
  assert(main);
  process.kill(main.pid, "SIGKILL");
  const run = await running;
  assert.notEqual(run.exitCode, 0);
  assert.equal(run.steps[documentedAction], "failure", run.log);
  assert.match(run.log, /tiles\/tiles-dev: the run was killed before it said how its deployment ended/);
  assert.deepEqual(states(), ["in_progress", "error"]);
  assert.deepEqual(fake.violations, []);
});
