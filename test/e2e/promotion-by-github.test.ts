/** Promotion on a server that keeps no history, as the hosted service: GitHub Deployments are what proves and orders. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startAction } from "../support/action-runner.ts";
import { startFakeGitHub } from "../support/github/fake-github.ts";
import { pushEvent, tagEvent } from "../support/github-events.ts";
import { servePublicApi } from "../support/public-api-proxy.ts";
import { createScratchProject } from "../support/scratch-project.ts";
import { seedControlPlane } from "../support/seeded-control-plane.ts";

test("GitHub Deployments prove a release, name what is missing, and tell an older commit", async () => {
  await using fake = await startFakeGitHub();
  await using controlPlane = await seedControlPlane({
    workflows: ["tiles"],
    clusters: ["tiles-dev", "tiles-north"],
  });
  await using hosted = await servePublicApi(controlPlane.url);
  await using project = await createScratchProject("tiles");
  const writing = fake.addToken({ deployments: "write", contents: "read" });
  const head = () => project.git("rev-parse", "HEAD");
  const run = async (kind: "push" | "tag", inputs: Readonly<Record<string, string>>, token = writing) => {
    const sha = await head();
    const running = await startAction({
      workspace: project.folder,
      event: kind === "push" ? pushEvent(sha) : tagEvent(sha, "v1.0.0"),
      inputs: {
        "api-url": kind === "push" ? controlPlane.url : hosted.url,
        ...{ "api-key": controlPlane.apiKey, "github-token": token, "dev-cluster": "tiles-dev" },
        ...inputs,
      },
      env: { GITHUB_API_URL: fake.url },
    });
    return await running.finished;
  };
  const promotion = { "production-cluster": "tiles-north", release: "existing" };
  const commits: string[] = [];
  const release = async () => {
    const sha = await head();
    fake.state.commits.set(sha, commits.slice(-1));
    commits.push(sha);
    await using pushed = await run("push", {});
    assert.equal(pushed.exitCode, 0, pushed.log);
    return pushed.outputs["release-id"] ?? "";
  };

  const first = await release();
  await using unread = await run("tag", promotion, fake.addToken({ contents: "read" }));
  assert.equal(unread.outputs["failure-reason"], "promotion-unproven", unread.log);
  assert.match(unread.log, /tiles-dev: how it came there could not be read: .*deployments: read/);

  await using promoted = await run("tag", promotion);
  assert.equal(promoted.exitCode, 0, promoted.log);
  assert.match(
    promoted.log,
    /tiles-dev: deployed by https:\/\/github\.com\/acme\/tiles\/actions\/runs\/4242/,
  );
  assert.deepEqual(await controlPlane.deployed("tiles"), { "tiles-dev": first, "tiles-north": first });

  await project.edit({ "palette.json": '{"water": "#000", "forest": "#111"}\n' });
  await project.commit();
  const second = await release();
  const dev = fake.state.deployments.findLast(({ environment }) => environment === "tiles/tiles-dev");
  dev?.statuses.push({ id: fake.state.nextId(), state: "failure", description: "a gate failed", logUrl: "" });
  await using unproven = await run("tag", promotion);
  assert.equal(unproven.outputs["failure-reason"], "promotion-unproven", unproven.log);
  assert.match(unproven.log, /tiles-dev: its deployment failed \(run https:\S+ again/);

  await using allowed = await run("tag", { ...promotion, allow: "unproven" });
  assert.equal(allowed.exitCode, 0, allowed.log);
  assert.deepEqual(await controlPlane.deployed("tiles"), { "tiles-dev": second, "tiles-north": second });

  await project.git("checkout", "--quiet", commits[0] ?? "");
  await using older = await run("tag", { ...promotion, allow: "unproven" });
  assert.equal(older.outputs["failure-reason"], "commit-older", older.log);
  assert.match(older.log, /tiles-north: commit [0-9a-f]{12}, which is deployed, is newer than this one/);
  assert.deepEqual(await controlPlane.deployed("tiles"), { "tiles-dev": second, "tiles-north": second });
  assert.deepEqual(fake.violations, []);
});
