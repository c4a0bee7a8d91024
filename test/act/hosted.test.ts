/**
 * The workflow files for the hosted service under act: a control plane that shows its public API alone, and a stand-in
 * for the hosted service's program. One history, in order.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { documentedAction, runAct } from "../support/act.ts";
import type { ForeignServer } from "../support/foreign-server.ts";
import { type FakeGitHub, startFakeGitHub } from "../support/github/fake-github.ts";
import { type GitHubEvent, pullRequestEvent, pushEvent, tagEvent } from "../support/github-events.ts";
import { servePublicApi } from "../support/public-api-proxy.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";
import { installTileboxStandIn, type TileboxStandIn } from "../support/tilebox-stand-in.ts";

const resources = new AsyncDisposableStack();
let controlPlane: SeededControlPlane;
let hosted: ForeignServer;
let tilebox: TileboxStandIn;
let github: FakeGitHub;
let project: ScratchProject;
let release: string | undefined;

before(async () => {
  controlPlane = resources.use(
    await seedControlPlane({ workflows: ["tiles"], clusters: ["tiles-dev", "tiles-north", "tiles-south"] }),
  );
  hosted = resources.use(await servePublicApi(controlPlane.url));
  tilebox = resources.use(await installTileboxStandIn(controlPlane.url));
  github = resources.use(await startFakeGitHub());
  project = resources.use(
    await createScratchProject("tiles", {
      "tilebox.workflow.toml": (text) => text.replace("[targets.development]", "[targets.dev]"),
    }),
  );
});
after(() => resources.disposeAsync());

/** The installed program is the stand-in; nobody here can reach the real one's address. */
async function act(file: string, event: (sha: string) => GitHubEvent, secrets: Record<string, string>) {
  const [sha = "", ...parents] = (await project.git("rev-list", "--parents", "-1", "HEAD")).split(" ");
  github.state.commits.set(sha, parents);
  github.state.pullRequests.set(7, { headSha: sha, locked: false });
  const workflow = await readFile(new URL(`workflows/${file}`, import.meta.url), "utf8");
  const token = github.addToken({ contents: "read", deployments: "write", pull_requests: "write" });
  return await runAct({
    repositoryFolder: project.folder,
    workflow: workflow
      .replace("curl -fsSL https://cli.tilebox.com/install.sh | sh", ":")
      .replace("$HOME/.local/bin", tilebox.binFolder),
    event: event(sha),
    secrets: { GITHUB_TOKEN: token, ...secrets },
    env: { TILEBOX_API_URL: hosted.url, GITHUB_API_URL: github.url },
  });
}

const withKey = () => ({ TILEBOX_API_KEY: controlPlane.apiKey });

test("a pull request builds without the program and without a key", async () => {
  const run = await act("check.yml", (sha) => pullRequestEvent(sha, "feature"), {});
  assert.equal(run.exitCode, 0, run.log);
  assert.equal(run.outputs.published, "skipped");
  assert.deepEqual(await controlPlane.releases("tiles"), []);
});

test("a push publishes through the program and deploys to dev", async () => {
  const run = await act("hosted-release.yml", pushEvent, withKey());
  assert.equal(run.exitCode, 0, run.log);
  assert.equal(run.steps[documentedAction], "success", run.log);
  release = run.outputs["release-id"];
  assert.equal(run.outputs.published, "created");
  assert.match(run.log, /^Publishing with tilebox 0\.3\.1 \(/m);
  assert.deepEqual(await controlPlane.deployed("tiles"), {
    "tiles-dev": release,
    "tiles-north": undefined,
    "tiles-south": undefined,
  });
  assert.ok(!run.log.includes(controlPlane.apiKey));
  assert.ok(hosted.requests.every((request) => !request.startsWith("PUT ")));
});

test("a tag promotes that release, which GitHub's record of the deployment names", async () => {
  const callsBefore = await readFile(tilebox.callsFile, "utf8");
  const run = await act("hosted-promote.yml", (sha) => tagEvent(sha, "v1.0.0"), withKey());
  assert.equal(run.exitCode, 0, run.log);
  assert.equal(run.outputs.published, "reused");
  assert.equal(run.outputs["release-id"], release);
  assert.deepEqual(await controlPlane.deployed("tiles"), {
    "tiles-dev": release,
    "tiles-north": release,
    "tiles-south": release,
  });
  assert.equal(await readFile(tilebox.callsFile, "utf8"), callsBefore, "nothing was published again");
});

test("a tag whose content was never deployed says that there is no record", async () => {
  await project.edit({ "palette.json": '{"water": "#000", "forest": "#111"}\n' });
  await project.commit();
  const run = await act("hosted-promote.yml", (sha) => tagEvent(sha, "v1.1.0"), withKey());
  assert.notEqual(run.exitCode, 0);
  assert.equal(run.outputs["failure-reason"], "release-not-found", run.log);
  assert.match(run.log, /GitHub Deployments of tiles-dev, tiles-north, tiles-south/);
});

test("a release with other files than the build is listed and not deployed", async () => {
  await tilebox.behave("other-files");
  const run = await act("hosted-release.yml", pushEvent, withKey());
  assert.equal(run.outputs["failure-reason"], "cli-content-differs", run.log);
  assert.match(run.log, /file notes\/todo\.txt: in the release, not in the build/);
  assert.equal((await controlPlane.deployed("tiles"))["tiles-dev"], release);
});

test("without the program the run says how to install it", async () => {
  await tilebox.uninstall();
  const run = await act("hosted-release.yml", pushEvent, withKey());
  assert.equal(run.outputs["failure-reason"], "cli-missing", run.log);
  assert.match(run.log, /curl -fsSL https:\/\/cli\.tilebox\.com\/install\.sh/);
});
