/** An empty repository, taken by init to a job that runs: real commands, control plane, runner and Python worker. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { runSource } from "../support/cli-source.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { servePublicApi } from "../support/public-api-proxy.ts";
import { lockProject } from "../support/python-lock.ts";
import { startTestRunner } from "../support/release-runner.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { installTileboxStandIn } from "../support/tilebox-stand-in.ts";

const toDev = ["--dev-cluster", "target:dev"];

describe("the first release of a project that init wrote", () => {
  const resources = new AsyncDisposableStack();
  let plane: TestControlPlane;
  let folder: ScratchFolder;
  let env: Record<string, string>;

  before(async () => {
    plane = resources.use(await startControlPlane());
    folder = resources.use(await createScratchFolder());
    await promisify(execFile)("git", ["init", "--quiet", folder.path]);
    const apiKey = await plane.createKey("admin");
    env = { TILEBOX_API_KEY: apiKey, TILEBOX_API_URL: plane.url, WORKFLOW_RELEASE_CACHE: "off" };
    using api = await plane.client();
    for (const slug of ["dev", "production"]) await api.workflows.createCluster({ name: slug, slug });
    await json("init", folder.path, "--slug", "first");
    await lockProject(folder.path);
  });
  after(() => resources.disposeAsync());

  async function json(...args: string[]): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await runSource([...args, "--json"], env);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout);
  }

  const outcomeOf = ({ release }: Record<string, unknown>) => (release as { outcome: string }).outcome;

  it("builds, is published to our own control plane, and its task completes on a runner", async () => {
    const built = await json("build", folder.path);
    assert.deepEqual(built.tasks, [{ name: "first/Hello", version: "v1.0" }]);
    const published = await json("publish", folder.path, "--create-workflow", ...toDev);
    assert.equal(outcomeOf(published), "created");
    const apiKey = await plane.createKey("runner");
    await using runner = await startTestRunner({ url: plane.url, apiKey, cluster: "dev" });
    await runner.event("worker-ready");
    const job = await json(
      "job",
      "submit",
      "first/Hello@v1.0",
      "--input",
      '"world"',
      "--cluster",
      "dev",
      "--wait",
    );
    assert.equal(job.state, "completed", JSON.stringify(job));
  });

  it("completes its smoke task before anything is published", async () => {
    const rehearsed = await json("rehearse", folder.path, "--task", "first/Hello@v1.0", "--input", '"world"');
    assert.match(JSON.stringify(rehearsed), /"completed"/);
  });

  it("is published through the official CLI to a server of the public API", async () => {
    await using hosted = await servePublicApi(plane.url);
    await using tilebox = await installTileboxStandIn(plane.url);
    await using other = await createScratchFolder();
    await cp(folder.path, other.path, { recursive: true });
    const runner = join(other.path, "runner.py");
    await promisify(execFile)(process.execPath, [
      "-e",
      "require('node:fs').appendFileSync(process.argv[1], '# another content\\n')",
      runner,
    ]);
    env = { ...env, TILEBOX_API_URL: hosted.url, PATH: tilebox.path };
    const published = await json("publish", other.path, ...toDev);
    assert.equal(outcomeOf(published), "created");
    assert.deepEqual(
      (published.deployments as { outcome: string }[]).map(({ outcome }) => outcome),
      ["deployed"],
    );
  });
});
