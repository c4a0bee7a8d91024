/** What a power cut or a bad disk leaves of the database's files, and what the store makes of it. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { errorOf } from "../../support/errors.ts";
import { createScratchFolder } from "../../support/scratch-folder.ts";
import { addWorkflow, cluster, deployRequest, publish, slug } from "../samples.ts";

const commits = 12;
const pageBytes = 4096;
const frameBytes = pageBytes + 24;

const open = (dataFolder: string) =>
  openSqliteStore({ dataFolder, role: "server", clock: Date.now, random: randomBytes });

/** The files of a store that was cut off after some commits, each of which publishes and is acknowledged. */
async function cutOff(dataFolder: string, copyFolder: string): Promise<{ wal: Buffer; published: string[] }> {
  const first = await open(dataFolder);
  const workflow = await addWorkflow(first, "greetings");
  // Closing writes the log into the database, so that what follows is all that the log holds.
  await first.close();
  const store = await open(dataFolder);
  const published: string[] = [];
  for (let commit = 0; commit < commits; commit++)
    published.push(await publish(store, workflow, `${commit}`));
  mkdirSync(copyFolder);
  copyFileSync(join(dataFolder, "control-plane.sqlite"), join(copyFolder, "control-plane.sqlite"));
  const wal = readFileSync(join(dataFolder, "control-plane.sqlite-wal"));
  await store.close();
  return { wal, published };
}

/** Opens a copy with this log; returns how many of the acknowledged releases are there. */
async function survivors(copyFolder: string, wal: Uint8Array, published: readonly string[]): Promise<number> {
  const folder = `${copyFolder}-opened`;
  mkdirSync(folder);
  copyFileSync(join(copyFolder, "control-plane.sqlite"), join(folder, "control-plane.sqlite"));
  writeFileSync(join(folder, "control-plane.sqlite-wal"), wal);
  const store = await open(folder);
  const { releases } = await store.workflows.getWorkflow(slug("greetings"));
  const history = await store.releases.listHistory({ limit: 100 });
  const found = releases.map((release) => release.id).toReversed();
  assert.deepEqual(found, published.slice(0, found.length), "a prefix of what was acknowledged");
  assert.equal(history.length, found.length, "each with its line of history");
  for (const release of releases) assert.equal((await store.releases.findFileTree(release.id))?.length, 2);
  await store.close();
  using database = new DatabaseSync(join(folder, "control-plane.sqlite"));
  assert.equal(database.prepare("PRAGMA integrity_check").get()?.integrity_check, "ok");
  database.close();
  rmSync(folder, { recursive: true });
  return found.length;
}

describe("a log that was cut off or damaged", () => {
  test("opens to a prefix of what was acknowledged, wherever it was cut", async () => {
    await using scratch = await createScratchFolder();
    const copy = join(scratch.path, "copy");
    const { wal, published } = await cutOff(join(scratch.path, "data"), copy);
    assert.equal(await survivors(copy, wal, published), commits, "whole, nothing is missing");
    let before = 0;
    for (let sizeBytes = 0; sizeBytes < wal.length; sizeBytes += pageBytes) {
      const count = await survivors(copy, wal.subarray(0, sizeBytes), published);
      assert.ok(count >= before && count < commits, "more of the log is never less of the releases");
      before = count;
    }
    assert.equal(before, commits - 1);
  });

  test("opens to a prefix when bits of its last frames have flipped", async () => {
    await using scratch = await createScratchFolder();
    const copy = join(scratch.path, "copy");
    const { wal, published } = await cutOff(join(scratch.path, "data"), copy);
    for (const frame of [1, 2, 3]) {
      // A frame's page number, salt, checksum and content.
      for (const offset of [0, 8, 16, 24, 2000, frameBytes - 1]) {
        const damaged = Buffer.from(wal);
        const at = wal.length - frame * frameBytes + offset;
        damaged[at] = (damaged[at] ?? 0) ^ 0x10;
        assert.ok((await survivors(copy, damaged, published)) < commits, "the flip was noticed");
      }
    }
  });
});

describe("a damaged database", () => {
  test("is named when its damage is met, and other parts can still be read", async () => {
    await using scratch = await createScratchFolder();
    const store = await open(scratch.path);
    const workflow = await addWorkflow(store, "greetings");
    const release = await publish(store, workflow, "1");
    await store.clusters.createCluster({ slug: slug("dev"), displayName: "dev", description: "" });
    await store.close();

    const path = join(scratch.path, "control-plane.sqlite");
    const database = new DatabaseSync(path);
    const root = database
      .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'releases'")
      .get()?.rootpage;
    database.close();
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(200, 0xff), 0, 200, (Number(root) - 1) * pageBytes);

    const damaged = await open(scratch.path);
    const named = errorOf("store-failed", /control-plane\.sqlite is damaged/);
    await assert.rejects(damaged.workflows.getWorkflow(workflow), named);
    await assert.rejects(damaged.releases.deploy(deployRequest(workflow, release, [cluster("dev")])), named);
    assert.equal((await damaged.clusters.getCluster(cluster("dev"))).slug, "dev");
    await damaged.close();
  });
});
