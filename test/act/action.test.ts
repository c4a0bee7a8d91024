/** The documented workflows under act, which reads action.yml and evaluates GitHub's expressions. One history, in order. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { documentedAction, runAct } from "../support/act.ts";
import { type GitHubEvent, pullRequestEvent, pushEvent, tagEvent } from "../support/github-events.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

const resources = new AsyncDisposableStack();
let controlPlane: SeededControlPlane;
let project: ScratchProject;
let release: string | undefined;

before(async () => {
  controlPlane = resources.use(
    await seedControlPlane({ workflows: ["tiles"], clusters: ["tiles-dev", "tiles-north", "tiles-south"] }),
  );
  project = resources.use(
    await createScratchProject("tiles", {
      "tilebox.workflow.toml": (text) => text.replace("[targets.development]", "[targets.dev]"),
    }),
  );
});
after(() => resources.disposeAsync());

async function act(file: string, event: (sha: string) => GitHubEvent, secrets: Record<string, string>) {
  const run = await runAct({
    repositoryFolder: project.folder,
    workflow: await readFile(new URL(`workflows/${file}`, import.meta.url), "utf8"),
    event: event(await project.git("rev-parse", "HEAD")),
    secrets,
    env: { TILEBOX_API_URL: controlPlane.url },
  });
  assert.equal(run.exitCode, 0, run.log);
  assert.equal(run.steps[documentedAction], "success", run.log);
  return run;
}

test("a pull request from a fork builds: no secret, nothing published", async () => {
  const run = await act("release.yml", (sha) => pullRequestEvent(sha, "feature"), {});
  assert.equal(run.outputs.published, "skipped");
  assert.match(run.summary, /^## ✅ tiles builds: 5 tasks, 4 files$/m);
  assert.deepEqual(await controlPlane.releases("tiles"), []);
});

test("a push to main publishes and deploys to dev alone, where production waits for a tag", async () => {
  const run = await act("release-on-tag.yml", pushEvent, { TILEBOX_API_KEY: controlPlane.apiKey });
  release = run.outputs["release-id"];
  assert.equal(run.outputs.published, "created");
  assert.match(run.log, new RegExp(`^Deployed release ${release}$`, "m"));
  assert.deepEqual(await controlPlane.deployed("tiles"), {
    "tiles-dev": release,
    "tiles-north": undefined,
    "tiles-south": undefined,
  });
  assert.ok(!run.log.includes(controlPlane.apiKey));
});

test("a tag deploys the same release to production", async () => {
  const secrets = { TILEBOX_API_KEY: controlPlane.apiKey };
  const run = await act("release-on-tag.yml", (sha) => tagEvent(sha, "v1.0.0"), secrets);
  assert.equal(run.outputs.published, "reused");
  assert.equal(run.outputs["release-id"], release);
  assert.deepEqual(await controlPlane.deployed("tiles"), {
    "tiles-dev": release,
    "tiles-north": release,
    "tiles-south": release,
  });
});

test("a push whose content is released already changes nothing", async () => {
  const run = await act("release.yml", pushEvent, { TILEBOX_API_KEY: controlPlane.apiKey });
  assert.equal(run.outputs.published, "reused");
  assert.equal(run.outputs.changed, "false");
});
