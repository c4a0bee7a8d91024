/** Promotion: what dev has proven goes to production, and nothing else. One history, in order. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { createApiClient } from "../../src/api/client.ts";
import { type ActionRun, startAction } from "../support/action-runner.ts";
import { runCli } from "../support/cli.ts";
import { startFakeGitHub } from "../support/github/fake-github.ts";
import { type GitHubEvent, pushEvent, tagEvent } from "../support/github-events.ts";
import { startHoldingProxy } from "../support/holding-proxy.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

const resources = new AsyncDisposableStack();
let controlPlane: SeededControlPlane;
let project: ScratchProject;
/** A PATH with git and nothing else: no Python, no uv. */
let gitAlone: string;
const commits: string[] = [];
const releases: string[] = [];

const toDev = { "dev-cluster": "tiles-dev" };
const toProduction = { ...toDev, "production-cluster": "tiles-north" };

before(async () => {
  controlPlane = resources.use(
    await seedControlPlane({ workflows: ["tiles"], clusters: ["tiles-dev", "tiles-north"] }),
  );
  project = resources.use(await createScratchProject("tiles"));
  const where = process.platform === "win32" ? "where" : "which";
  const [git = ""] = execFileSync(where, ["git"], { encoding: "utf8" }).split(/\r?\n/);
  gitAlone = dirname(git);
  // On Windows git has a folder of its own.
  if (process.platform === "win32") return;
  const folder = resources.use(await createScratchFolder());
  gitAlone = folder.path;
  await symlink(git, join(gitAlone, "git"));
});
after(() => resources.disposeAsync());

async function run(
  inputs: Readonly<Record<string, string>>,
  event: (sha: string) => GitHubEvent = (sha) => tagEvent(sha, "v1.0.0"),
  env: Readonly<Record<string, string>> = { PATH: gitAlone },
): Promise<ActionRun> {
  const running = await startAction({
    workspace: project.folder,
    event: event(await project.git("rev-parse", "HEAD")),
    inputs: { "api-url": controlPlane.url, "api-key": controlPlane.apiKey, ...inputs },
    env,
  });
  return await running.finished;
}

async function pushToDev(): Promise<void> {
  await using pushed = await run(toDev, pushEvent, {});
  assert.equal(pushed.exitCode, 0, pushed.log);
  commits.push(await project.git("rev-parse", "HEAD"));
  releases.push(pushed.outputs["release-id"] ?? "");
}

async function refused(inputs: Readonly<Record<string, string>>, code: string, ...told: RegExp[]) {
  const earlier = await controlPlane.deployed("tiles");
  await using stopped = await run(inputs);
  assert.notEqual(stopped.exitCode, 0, stopped.log);
  assert.equal(stopped.outputs["failure-reason"], code, stopped.log);
  for (const text of told) assert.match(stopped.log, text);
  assert.deepEqual(await controlPlane.deployed("tiles"), earlier, "nothing is changed");
}

test("a push deploys to dev; a tag promotes exactly that release, with no Python and nothing built", async () => {
  await pushToDev();
  await using promoted = await run({ ...toProduction, release: "existing" });
  assert.equal(promoted.exitCode, 0, promoted.log);
  assert.equal(promoted.outputs["release-id"], releases[0]);
  assert.equal(promoted.outputs.published, "reused");
  assert.doesNotMatch(promoted.log, /Starting the worker|Uploaded/);
  assert.deepEqual(await controlPlane.deployed("tiles"), {
    "tiles-dev": releases[0],
    "tiles-north": releases[0],
  });
  const deployments: { readonly cluster: string }[] = JSON.parse(promoted.outputs.deployments ?? "");
  assert.deepEqual(
    deployments.map(({ cluster }) => cluster),
    ["tiles-north"],
    "dev is the proof and is not touched",
  );
  assert.match(
    promoted.log,
    /^ {2}tiles-dev: deployed by https:\/\/github\.com\/acme\/tiles\/actions\/runs\/4242/m,
  );
  assert.match(promoted.summary, /^## ✅ tiles: release promoted, deployed to 1 cluster$/m);
  assert.match(promoted.summary, /\*\*Promotion\*\* of release .*✅&nbsp;proven/s);
});

test("what dev does not have, or nobody deployed first, is refused with what would satisfy it", async () => {
  await project.edit({ "palette.json": '{"water": "#000", "forest": "#111"}\n' });
  await project.commit();
  await refused({ ...toProduction, release: "existing" }, "release-not-found");
  await pushToDev();
  await refused(
    { "production-cluster": "tiles-north", release: "existing" },
    "promotion-unproven",
    /no dev cluster is named.*name in dev-cluster/,
  );
  await refused(
    { ...toProduction, release: releases[0] ?? "" },
    "promotion-unproven",
    /tiles-dev: has release 0\S+ \(deploy it there: a run with release: \S+ and dev-cluster: tiles-dev alone, or workflow-release deploy/,
  );
  await refused({ ...toProduction, release: "0199aaaa-0000-7000-8000-000000000000" }, "release-not-found");
  const mistyped = { ...toProduction, release: "existing", allow: "unprovn" };
  await refused(mistyped, "input-invalid", /"unprovn" is not a choice \(did you mean unproven\?\)/);
});

test("a gate that failed on dev is no proof; once it passed, the id is promoted from any commit", async () => {
  const [, release = ""] = releases;
  using api = await createApiClient({ url: controlPlane.url, apiKey: controlPlane.apiKey, env: {} });
  const report = { workflow: "tiles", cluster: "tiles-dev", release, gate: "smoke", tookMs: 5 } as const;
  const by = { reason: "deploy" } as const;
  await api.recordGate({ ...report, outcome: "failed", message: "tiles/Mosaic failed" }, by);
  await refused(
    { ...toProduction, release },
    "promotion-unproven",
    /tiles-dev: the gate smoke failed: tiles\/Mosaic failed \(mend what it names, then run https:\/\/github\.com/,
  );
  await api.recordGate({ ...report, outcome: "passed", message: "it completed" }, by);
  await project.edit({ "palette.json": '{"water": "#222", "forest": "#111"}\n' });
  await project.commit("A commit that nobody released");
  await using promoted = await run({ ...toProduction, release });
  assert.equal(promoted.exitCode, 0, promoted.log);
  assert.equal(promoted.outputs["release-id"], release);
  assert.deepEqual(await controlPlane.deployed("tiles"), { "tiles-dev": release, "tiles-north": release });
  const page = await api.readHistory({ workflow: "tiles", cluster: "tiles-north", limit: 1 });
  assert.equal(page?.entries[0]?.provenance?.commit, commits[1], "the release's own commit is recorded");
});

test("from a terminal the same is promoted, and refused", async () => {
  const env = { TILEBOX_API_URL: controlPlane.url, TILEBOX_API_KEY: controlPlane.apiKey };
  const clusters = ["--dev-cluster", "tiles-dev", "--production-cluster", "tiles-north"];
  const promote = (...args: string[]) =>
    runCli(["promote", project.folder, ...clusters, ...args, "--json"], { env });
  const [first = "", second = ""] = releases;
  const again = await promote("--release", second);
  assert.equal(again.exitCode, 0, again.stderr);
  assert.equal(JSON.parse(again.stdout).deployments[0].outcome, "unchanged");
  const refusal = await promote("--release", first);
  assert.equal(refusal.exitCode, 1);
  assert.equal(JSON.parse(refusal.stdout).failure.code, "promotion-unproven");
  const deploy = ["deploy", project.folder, "--production-cluster", "tiles-north", "--release", first];
  const older = await runCli([...deploy, "--json"], { env, cwd: project.folder });
  assert.equal(JSON.parse(older.stdout).failure.code, "commit-older", older.stderr);
});

test("an older commit is refused on production too, and goes there when it is allowed, visibly", async () => {
  const [first = "", second] = releases;
  const [commit = ""] = commits;
  await project.git("checkout", "--quiet", commit);
  await refused(
    { ...toProduction, release: "existing", allow: "unproven" },
    "commit-older",
    /tiles-north: commit [0-9a-f]{12}, which is deployed, is newer than this one \(release \S+ was deployed there by https/,
  );
  await refused(toDev, "commit-older", /tiles-dev: commit/);
  await using allowed = await run({ ...toProduction, release: "existing", allow: "unproven, older" });
  assert.equal(allowed.exitCode, 0, allowed.log);
  assert.deepEqual(await controlPlane.deployed("tiles"), { "tiles-dev": second, "tiles-north": first });
  for (const place of [allowed.log, allowed.summary]) {
    assert.match(place, /allowed by the input/);
    assert.match(place, /is newer than this one/);
  }
  assert.match(allowed.summary, /⚠️ without proof, allowed by the input `allow: unproven`/);
  const notices = allowed.commands.filter(({ name }) => name === "notice").map(({ message }) => message);
  assert(
    notices.some((notice) => /tiles-north: .*newer.*allow: older/.test(notice)),
    notices.join("\n"),
  );
});

test("a run that is killed leaves its GitHub Deployment to the post step, which ends it", async () => {
  await using fake = await startFakeGitHub();
  await using proxy = await startHoldingProxy(controlPlane.url);
  await project.git("checkout", "--quiet", "main");
  const sha = await project.git("rev-parse", "HEAD");
  for (const [index, commit] of [...commits, sha].entries())
    fake.state.commits.set(commit, commits.slice(0, index));
  const token = fake.addToken({ deployments: "write", contents: "read" });
  const deploying = proxy.hold("/DeployWorkflowRelease", "request");
  const running = await startAction({
    workspace: project.folder,
    event: pushEvent(sha),
    inputs: {
      ...{ "api-url": proxy.url, "api-key": controlPlane.apiKey, "github-token": token },
      ...{ ...toDev, release: releases[0] ?? "", allow: "older" },
    },
    env: { GITHUB_API_URL: fake.url },
  });
  await deploying;
  const states = () =>
    fake.state.deployments.map(({ environment, statuses }) =>
      [environment, ...statuses.map(({ state }) => state)].join(" "),
    );
  while (states()[0] !== "tiles/tiles-dev in_progress")
    await new Promise((resolve) => setTimeout(resolve, 20));
  await using killed = await running.kill();
  const post = await killed.post();
  assert.equal(post.exitCode, 0);
  assert.match(post.log, /tiles\/tiles-dev: the run was killed before it said how its deployment ended/);
  assert.deepEqual(states(), ["tiles/tiles-dev in_progress error"]);
  const again = await killed.post();
  assert.match(again.log, /tiles\/tiles-dev: error/);
  assert.deepEqual(states(), ["tiles/tiles-dev in_progress error"]);
  assert.deepEqual(fake.violations, []);
});
