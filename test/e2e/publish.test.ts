/** The action as a push runs it, on a real control plane with a real worker. The tests are one history, in order. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { actionOutputs } from "../../src/action-contract.ts";
import { type ActionRun, startAction } from "../support/action-runner.ts";
import { pushEvent } from "../support/github-events.ts";
import { processTree } from "../support/process-list.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { filesBelow, placesWithSecret } from "../support/secret-search.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

const tasks = ["Flaky v1.0", "Join v1.0", "Mosaic v1.2", "Preview v1.0", "Tile v1.0"].map((task) => {
  const [name, version] = task.split(" ");
  return { name: `tiles/${name}`, version };
});
const sha256 = /^[0-9a-f]{64}$/;
const byHand = {
  "dev-cluster": "tiles-dev",
  "production-cluster": "tiles-north, tiles-south",
  "create-workflow": "true",
};
const byTarget = { "dev-cluster": "target:development", "production-cluster": "target:production" };

const resources = new AsyncDisposableStack();
let controlPlane: SeededControlPlane;
let project: ScratchProject;
let firstRelease = "";

before(async () => {
  controlPlane = resources.use(
    await seedControlPlane({ workflows: [], clusters: ["tiles-dev", "tiles-north", "tiles-south"] }),
  );
  project = resources.use(await createScratchProject("tiles"));
});
after(() => resources.disposeAsync());

async function push(inputs: Readonly<Record<string, string>>) {
  return startAction({
    workspace: project.folder,
    event: pushEvent(await project.git("rev-parse", "HEAD")),
    inputs: { "api-url": controlPlane.url, "api-key": controlPlane.apiKey, ...inputs },
  });
}

test("a workflow that does not exist: built, not published, and the next step named", async () => {
  await using run = await (await push({ ...byHand, "create-workflow": "false" })).finished;
  assert.equal(run.exitCode, 1, run.log);
  assert.deepEqual(Object.keys(run.outputs).sort(), Object.keys(actionOutputs).sort());
  const { "artifact-digest": digest = "", fingerprint = "", ...outputs } = run.outputs;
  assert.match(digest, sha256);
  assert.match(fingerprint, sha256);
  assert.equal(outputs["workflow-slug"], "tiles");
  assert.deepEqual(JSON.parse(outputs.tasks ?? ""), tasks);
  assert.equal(outputs["release-id"], "");
  assert.equal(outputs.published, "skipped");
  assert.equal(outputs.changed, "false");
  assert.equal(outputs["failure-reason"], "workflow-not-found");
  assert.match(run.summary, /^## ❌ Failed while publishing: workflow-not-found$/m);
  assert.match(run.summary, /create-workflow&#58; true/);
  assert.deepEqual(
    run.commands.filter(({ name }) => name === "error").map(({ properties }) => properties.title),
    ["workflow-not-found"],
  );
});

test("create-workflow publishes, deploys dev and then production, and shows the key nowhere", async () => {
  const running = await push(byHand);
  const seen = new Map<string, string>();
  const watch = setInterval(() => {
    const [action, ...others] = processTree(running.pid);
    seen.set("the action's command line", action?.commandLine ?? "");
    for (const { pid, commandLine, environment } of others) {
      // Between fork and exec a child is a copy of the action, which has its inputs from GitHub.
      if (commandLine === action?.commandLine) continue;
      seen.set(`command line ${commandLine}`, commandLine);
      seen.set(`environment of ${pid}, ${commandLine}`, environment);
    }
  }, 20);
  await using run = await running.finished.finally(() => clearInterval(watch));
  assert.equal(run.exitCode, 0, run.log);
  assert.deepEqual(Object.keys(run.outputs).sort(), Object.keys(actionOutputs).sort());
  firstRelease = run.outputs["release-id"] ?? "";
  assert.deepEqual(await controlPlane.releases("tiles"), [firstRelease]);
  assert.deepEqual(await controlPlane.deployed("tiles"), {
    "tiles-dev": firstRelease,
    "tiles-north": firstRelease,
    "tiles-south": firstRelease,
  });
  assert.equal(run.outputs.published, "created");
  assert.equal(run.outputs.changed, "true");
  assert.equal(run.outputs["failure-reason"], "");
  assert.deepEqual(deployments(run), [
    ["tiles-dev", "dev", undefined, firstRelease, "deployed"],
    ["tiles-north", "production", undefined, firstRelease, "deployed"],
    ["tiles-south", "production", undefined, firstRelease, "deployed"],
  ]);
  const order = ["Plan:", "tiles-dev: deployed", "tiles-north: deployed"].map((line) =>
    run.log.indexOf(line),
  );
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
    run.log,
  );
  assert.ok(!order.includes(-1), run.log);
  assert.match(run.log, /^Build, publish and deploy: the event is push on refs\/heads\/main/m);
  assert.match(run.summary, /^## ✅ tiles: new release published, deployed to 3 clusters$/m);
  assert.deepEqual(maskedBy(run), [controlPlane.apiKey]);
  assert.deepEqual(await leaks(run, seen), []);
  if (process.platform === "linux") assert.ok([...seen.keys()].some((what) => what.includes("tilebox")));
});

test("the same content again: no Python, no archive, no upload, and a report of everything", async () => {
  await using run = await (await push(byTarget)).finished;
  assert.equal(run.exitCode, 0, run.log);
  assert.equal(run.outputs.published, "reused");
  assert.equal(run.outputs.changed, "false");
  assert.equal(run.outputs["release-id"], firstRelease);
  assert.deepEqual(
    deployments(run).map(([cluster, , , , outcome]) => `${cluster} ${outcome}`),
    ["tiles-dev unchanged", "tiles-north unchanged", "tiles-south unchanged"],
  );
  assert.match(run.summary, /release reused, the content is the same, unchanged on 3 clusters/);
  const report = JSON.parse(await readFile(run.outputs["report-path"] ?? "", "utf8"));
  assert.equal(report.ok, true);
  assert.equal(report.release.id, firstRelease);
  assert.equal(report.digest, run.outputs["artifact-digest"]);
  assert.deepEqual(
    report.files.map(({ path }: { path: string }) => path),
    ["palette.json", "pyproject.toml", "tiles.py", "uv.lock"],
  );
  assert.equal(run.outputs["artifact-path"], "", "no archive is written for content that is published");
  assert.deepEqual(JSON.parse(run.outputs.tasks ?? ""), tasks);
  assert.equal(report.origin.kind, "release");
  assert.match(run.log, new RegExp(`^reused: same content as release ${firstRelease} published`, "m"));
  assert.doesNotMatch(run.log, /Starting the worker/);
});

test("a changed project becomes another release that replaces the first, on the clusters that are named", async () => {
  await project.edit({ "palette.json": '{"water": "#000", "forest": "#111"}\n' });
  await project.commit();
  await using run = await (await push({ "dev-cluster": "target:development" })).finished;
  assert.equal(run.exitCode, 0, run.log);
  const secondRelease = run.outputs["release-id"] ?? "";
  assert.notEqual(secondRelease, firstRelease);
  assert.match(run.log, /^rebuilt: 1 file changed since release \S+: palette\.json$/m);
  assert.ok((await readFile(run.outputs["artifact-path"] ?? "")).length > 1_000);
  assert.deepEqual(deployments(run), [["tiles-dev", "dev", firstRelease, secondRelease, "deployed"]]);
  assert.deepEqual(await controlPlane.deployed("tiles"), {
    "tiles-dev": secondRelease,
    "tiles-north": firstRelease,
    "tiles-south": firstRelease,
  });
});

test("release: existing deploys what is published, by content, and fails where nothing is", async () => {
  const existing = { release: "existing", "dev-cluster": "tiles-dev" };
  await using known = await (await push(existing)).finished;
  assert.equal(known.exitCode, 0, known.log);
  assert.equal(known.outputs.published, "reused");
  await project.edit({ "palette.json": '{"water": "#123", "forest": "#111"}\n' });
  await project.commit();
  const releases = await controlPlane.releases("tiles");
  await using unknown = await (await push(existing)).finished;
  assert.equal(unknown.exitCode, 1);
  assert.equal(unknown.outputs["failure-reason"], "release-not-found");
  assert.doesNotMatch(unknown.log, /Starting the worker/);
  assert.deepEqual(await controlPlane.releases("tiles"), releases);
});

function deployments(run: ActionRun): (string | undefined)[][] {
  const entries: Record<string, string>[] = JSON.parse(run.outputs.deployments ?? "");
  return entries.map(({ cluster, stage, before, after, outcome }) => [
    cluster,
    stage,
    before,
    after,
    outcome,
  ]);
}

function maskedBy(run: ActionRun): string[] {
  return run.commands.filter(({ name }) => name === "add-mask").map(({ message }) => message);
}

async function leaks(run: ActionRun, processes: ReadonlyMap<string, string>): Promise<string[]> {
  return placesWithSecret(controlPlane.apiKey, {
    log: run.log,
    ...(await filesBelow(run.folder)),
    ...(await filesBelow(project.folder)),
    ...(await filesBelow(controlPlane.dataFolder)),
    "the control plane's log": controlPlane.log(),
    ...Object.fromEntries(processes),
  });
}
