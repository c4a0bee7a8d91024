/** A push whose release has to prove itself on its clusters. The tests are one history, in order. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { type ActionRun, runAction } from "../support/action-runner.ts";
import { pushEvent } from "../support/github-events.ts";
import { startRunnerProcess } from "../support/runner-process.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

const resources = new AsyncDisposableStack();
let controlPlane: SeededControlPlane;
let project: ScratchProject;

before(async () => {
  controlPlane = resources.use(
    await seedControlPlane({ workflows: ["tiles"], clusters: ["tiles-dev", "tiles-empty"] }),
  );
  project = resources.use(await createScratchProject("tiles"));
  const { path: dataFolder } = resources.use(await createScratchFolder());
  const { url, apiKey } = controlPlane;
  resources.use(startRunnerProcess({ url, apiKey, cluster: "tiles-dev", dataFolder }));
});
after(() => resources.disposeAsync());

async function push(inputs: Readonly<Record<string, string>>): Promise<ActionRun> {
  return await runAction({
    workspace: project.folder,
    event: pushEvent(await project.git("rev-parse", "HEAD")),
    inputs: {
      "api-url": controlPlane.url,
      "api-key": controlPlane.apiKey,
      "dev-cluster": "tiles-dev",
      "smoke-task": 'tiles/Mosaic@v1.0 {"columns": 2, "rows": 1}',
      gate: "ready, smoke",
      ...inputs,
    },
  });
}

interface ReportedGate {
  readonly cluster: string;
  readonly gate: string;
  readonly outcome: string;
  readonly reason?: string;
}

async function gatesOf(run: ActionRun): Promise<string[]> {
  const report = JSON.parse(await readFile(run.outputs["report-path"] ?? "", "utf8"));
  return (report.gates as ReportedGate[]).map(({ cluster, gate, outcome, reason }) =>
    [cluster, gate, outcome, reason].filter(Boolean).join(" "),
  );
}

test("a release that a runner has loaded, and whose job completes, is through", async () => {
  await using run = await push({});
  assert.equal(run.exitCode, 0, run.log);
  assert.deepEqual(await gatesOf(run), ["tiles-dev ready passed", "tiles-dev smoke passed"]);
  assert.match(run.log, /tiles-dev ready: passed in .+: loaded by runner [0-9a-f]{8}/);
  assert.match(run.log, /tiles-dev smoke: passed in .+: job \S+ completed: \d tasks in /);
  assert.match(run.summary, /\| <code>tiles-dev<\/code> \| smoke \| ✅&nbsp;passed \|/);
  const history = await fetch(`${controlPlane.url}/history?workflow=tiles`, {
    headers: { authorization: `Bearer ${controlPlane.apiKey}` },
  });
  const { entries } = (await history.json()) as {
    entries: { kind: string; gate?: string; outcome?: string }[];
  };
  assert.deepEqual(
    entries.filter(({ kind }) => kind === "gate").map(({ gate, outcome }) => `${gate} ${outcome}`),
    ["smoke passed", "ready passed"],
  );
});

test("without a runner on production the run fails with the reason, and production has what it had", async () => {
  // A minute of the time is kept for putting back what was deployed.
  await using run = await push({ "production-cluster": "tiles-empty", "timeout-minutes": "1.15" });
  assert.equal(run.exitCode, 1, run.log);
  assert.equal(run.outputs["failure-reason"], "gate-failed");
  assert.deepEqual(await gatesOf(run), [
    "tiles-dev ready passed",
    "tiles-dev smoke passed",
    "tiles-empty ready failed no-runner",
  ]);
  assert.match(run.log, /tiles-empty ready: waiting for a runner on tiles-empty, \S+ s left/);
  assert.match(run.log, /The gate ready failed on tiles-empty: no runner on cluster/);
  assert.match(run.summary, /workflow-release runner --cluster tiles-empty/);
  const { "tiles-empty": production, "tiles-dev": dev } = await controlPlane.deployed("tiles");
  assert.equal(production, undefined);
  assert.equal(dev, run.outputs["release-id"]);
});
