/** `serve` and `key` on a database and a bucket, as a team runs them on several machines. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createApiClient } from "../../src/api/client.ts";
import { verifyArchive } from "../../src/artifact/verify.ts";
import { openControlPlane } from "../../src/server/control-plane.ts";
import { packOneFile } from "../support/archives.ts";
import { runSource, serveSource } from "../support/cli-source.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

describe("control planes that share a database and a bucket", () => {
  let postgres: PostgresServer;
  let s3: S3Server;
  before(async () => {
    [postgres, s3] = await Promise.all([startPostgres({ durable: false }), startS3Server()]);
  });
  after(async () => {
    postgres[Symbol.dispose]();
    await s3[Symbol.asyncDispose]();
  });

  async function shared(name: string) {
    const url = await postgres.createDatabase(name);
    return { ...s3.env, WORKFLOW_RELEASE_DATABASE: url, WORKFLOW_RELEASE_ARTIFACTS: s3.location };
  }

  test("know the same keys and artifacts, and need no folder", async () => {
    await using folder = await createScratchFolder();
    const env = await shared("served");
    await using first = await serveSource([], env);
    await using second = await serveSource([], env);
    const { dataFolder, database, artifacts } = first.announced;
    assert.deepEqual([dataFolder, artifacts], [undefined, "s3://artifacts/releases/"]);
    assert.match(String(database), /^127\.0\.0\.1:\d+\/served$/);

    const made = await runSource(["key", "create", "ci", "--json"], env);
    assert.equal(made.exitCode, 0, made.stderr);
    const { secret } = JSON.parse(made.stdout);
    using here = await createApiClient({ url: first.url, apiKey: secret, env: {} });
    using there = await createApiClient({ url: second.url, apiKey: secret, env: {} });
    const archive = await packOneFile(folder, randomBytes(100_000));
    const uploaded = await here.uploadArtifact(archive);
    const again = await there.uploadArtifact(archive);
    assert.deepEqual(again, { artifactId: uploaded.artifactId, uploaded: false });
    const { archive: bytes } = await there.downloadArtifact(archive.digest, 1_000_000);
    assert.deepEqual(Buffer.concat(await bytes.toArray()), archive.bytes);
  });

  test("go on with what one machine had in its folder", async () => {
    await using folder = await createScratchFolder();
    const archive = await packOneFile(folder, "print('hello')");
    const old = await openControlPlane({
      dataFolder: `${folder.path}/data`,
      clock: Date.now,
      random: randomBytes,
      verify: verifyArchive,
      report: ({ error }) => assert.fail(String(error)),
    });
    using api = await old.connect("ci");
    const { slug } = await api.workflows.createWorkflow({ name: "Kept" });
    await api.uploadArtifact(archive);
    await old.close(0);

    const env = await shared("migrated");
    const moved = await runSource(["migrate", "--data", `${folder.path}/data`, "--json"], env);
    assert.equal(moved.exitCode, 0, moved.stderr);
    assert.equal(JSON.parse(moved.stdout).artifacts, 1);
    await using served = await serveSource(["--no-auth"], env);
    using now = await createApiClient({ url: served.url, apiKey: undefined, env: {} });
    assert.equal((await now.workflows.getWorkflow({ workflowSlug: slug })).name, "Kept");
    const { archive: bytes } = await now.downloadArtifact(archive.digest, 1_000_000);
    assert.deepEqual(Buffer.concat(await bytes.toArray()), archive.bytes);

    const twice = await runSource(["migrate", "--data", `${folder.path}/data`], env);
    assert.match(twice.stderr, /rows in "\w+" already/);
  });

  test("refuse places that are none before anything is opened", async () => {
    for (const [option, value] of [
      ["--database", "mysql://localhost/x"],
      ["--artifacts", "https://bucket/x"],
    ] as const) {
      const { exitCode, stderr } = await runSource(["serve", option, value]);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /give (a URL that begins with postgres|s3):\/\//);
    }
  });
});
