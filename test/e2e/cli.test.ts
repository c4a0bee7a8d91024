/** dist/cli.js as a person or a script uses it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createApiClient } from "../../src/api/client.ts";
import { cliJson, runCli, type ServedControlPlane, serveControlPlane } from "../support/cli.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject } from "../support/scratch-project.ts";

const resources = new AsyncDisposableStack();
let folder: ScratchFolder;
let controlPlane: ServedControlPlane;

before(async () => {
  folder = resources.use(await createScratchFolder());
  controlPlane = resources.use(await serveControlPlane(folder.path, ["--verbose"]));
});
after(() => resources.disposeAsync());

/** A line is written when its answer has ended, which the caller may see a little earlier. */
async function logged(line: RegExp): Promise<void> {
  for (let looks = 0; looks < 100 && !line.test(controlPlane.log()); looks++) await sleep(20);
  assert.match(controlPlane.log(), line);
}

test("a key is made and revoked beside a running server; its secret is printed once, alone on stdout", async () => {
  const created = await runCli(["key", "create", "laptop", "--data", folder.path]);
  assert.equal(created.exitCode, 0, created.stderr);
  const secret = created.stdout.trimEnd();
  assert.match(secret, /^wfr_[\w-]{43}$/);
  assert.ok(!created.stderr.includes(secret));
  const again = await runCli(["key", "create", "laptop", "--data", folder.path, "--json"]);
  assert.equal(again.exitCode, 1);
  assert.equal(JSON.parse(again.stdout).failure.code, "already-exists");

  using client = await createApiClient({ url: controlPlane.url, apiKey: secret, env: {} });
  assert.equal((await client.workflows.listClusters({})).clusters.length, 1);
  await logged(/^POST \/workflows\.v1\.WorkflowsService\/ListClusters 200 \d/m);
  const revoked = await runCli(["key", "revoke", "laptop", "--data", folder.path]);
  assert.equal(revoked.stdout, "Revoked the API key laptop\n");
  await assert.rejects(client.workflows.listClusters({}), errorOf("unauthenticated"));

  const listed = await runCli(["key", "list", "--data", folder.path]);
  assert.match(listed.stdout, /^NAME +ROLE +CREATED +REVOKED\nlaptop +admin +\S+Z +\S+Z\n$/);
  assert.ok(!listed.stdout.includes(secret));
  assert.equal((await runCli(["key", "revoke", "nobody", "--data", folder.path])).exitCode, 1);
});

test("build, publish, deploy and status share one project and answer as JSON", async () => {
  const { secret } = await cliJson<{ secret: string }>(["key", "create", "ci", "--data", folder.path]);
  const env = { TILEBOX_API_URL: controlPlane.url, TILEBOX_API_KEY: secret };
  using client = await createApiClient({ url: controlPlane.url, apiKey: secret, env: {} });
  for (const slug of ["tiles-dev", "tiles-north", "tiles-south"]) {
    await client.workflows.createCluster({ name: slug, slug });
  }
  await using project = await createScratchProject("tiles");
  const options = { cwd: project.folder, env };

  const built = await cliJson<Record<string, unknown>>(["build"], options);
  assert.equal(built.slug, "tiles");
  assert.equal((built.files as unknown[]).length, 4);
  assert.equal((built.tasks as unknown[]).length, 5);
  const published = await cliJson<Record<string, unknown>>(["publish", "--create-workflow"], options);
  assert.deepEqual(
    [published.digest, published.fingerprint, published.deployments],
    [built.digest, built.fingerprint, []],
  );
  const release = (published.release as { id: string }).id;

  const targets = ["--dev-cluster", "target:development", "--production-cluster", "target:production"];
  const deployed = await runCli(["deploy", "--latest", ...targets], options);
  assert.equal(deployed.exitCode, 0, deployed.stderr);
  assert.match(deployed.stdout, /^tiles: .*deployed to 3 clusters$/m);
  const again = await cliJson<{ changed: boolean }>(["deploy", "--release", release, ...targets], options);
  assert.equal(again.changed, false);

  const status = await cliJson<{ clusters: { cluster: string; release?: string }[] }>(["status"], options);
  assert.deepEqual(
    status.clusters.slice(1).map(({ cluster, release: has }) => [cluster, has]),
    ["tiles-dev", "tiles-north", "tiles-south"].map((cluster) => [cluster, release]),
  );
  const elsewhere = { cwd: folder.path, env };
  const named = await runCli(["status", "--workflow", "tiles"], elsewhere);
  assert.match(named.stdout, /^tiles-dev +[0-9a-f-]{36} +\S+Z +ci +none$/m);
  const history = await runCli(["history", "--cluster", "tiles-dev", "--limit", "1"], options);
  assert.match(history.stdout, /^\S+Z +deploy +tiles-dev +[0-9a-f-]{36} +ci$/m);
  const page = await cliJson<{ entries: { kind: string }[]; next: number }>(
    ["history", "--limit", "4"],
    options,
  );
  assert.deepEqual(
    page.entries.map(({ kind }) => kind),
    ["deploy", "deploy", "deploy", "publish"],
  );
  // No run on GitHub has deployed anything: the targets alone say what should be there.
  const checked = await runCli(["status", "--check"], options);
  assert.equal(checked.exitCode, 0, checked.stderr);
  assert.match(checked.stdout, /^tiles-north +not known +[0-9a-f-]{36} +ok$/m);
  await client.workflows.undeployWorkflowRelease({
    workflowSlug: "tiles",
    releaseId: { uuid: Buffer.from(release.replaceAll("-", ""), "hex") },
    clusterSlugs: ["tiles-north"],
  });
  const drifted = await runCli(["status", "--check"], options);
  assert.equal(drifted.exitCode, 1);
  assert.match(drifted.stderr, /drift-found/);
  assert.match(drifted.stdout, /^tiles-north +not known +none +has no release.*with the key ci$/m);
  assert.equal((await runCli(["status"], elsewhere)).exitCode, 2);
});

test("what cannot be served is refused with its code", async () => {
  const refused = async (...args: string[]) => {
    const { exitCode, stdout } = await runCli(["serve", "--json", ...args]);
    return [exitCode, JSON.parse(stdout).failure.code];
  };
  await using other = await createScratchFolder();
  const port = new URL(controlPlane.url).port;
  assert.deepEqual(await refused("--data", other.path, "--no-auth", "--host", "0.0.0.0"), [
    2,
    "auth-required",
  ]);
  assert.deepEqual(await refused("--data", other.path, "--port", port), [2, "listen-failed"]);
  assert.deepEqual(await refused("--data", folder.path, "--port", "0"), [3, "store-busy"]);
});

test("a wrong command line ends with 2 and names what is close; help ends with 0", async () => {
  const misspelt = await runCli(["publsh"]);
  assert.equal(misspelt.exitCode, 2);
  assert.match(misspelt.stderr, /publish/);
  assert.equal((await runCli(["serve", "--port", "70000"])).exitCode, 2);
  const help = await runCli(["--help"]);
  assert.equal(help.exitCode, 0);
  for (const command of ["build", "publish", "deploy", "status", "serve", "key"]) {
    assert.match(help.stdout, new RegExp(`^  ${command}\\b`, "m"));
    assert.equal((await runCli([command, "--help"])).exitCode, 0);
  }
});

// Windows has no signal that one process could send another to ask it to end.
if (process.platform !== "win32") {
  test("Ctrl+C ends serve with 0, and the next one finds everything again", async () => {
    await using data = await createScratchFolder();
    const first = await serveControlPlane(data.path, ["--no-auth"]);
    using client = await createApiClient({ url: first.url, apiKey: undefined, env: {} });
    await client.workflows.createWorkflow({ name: "tiles" });
    assert.equal(await first.stop(), 0);
    await using second = await serveControlPlane(data.path, ["--no-auth"]);
    using later = await createApiClient({ url: second.url, apiKey: undefined, env: {} });
    assert.equal((await later.workflows.getWorkflow({ workflowSlug: "tiles" })).name, "tiles");
  });
}
