import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { errorOf } from "../../support/errors.ts";
import { addWorkflow, defaultCluster, deployRequest, publish, sha256 } from "../samples.ts";

function scratchFolder() {
  const path = mkdtempSync(join(tmpdir(), "workflow-release-data-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

const open = (dataFolder: string, role: "server" | "command" = "server") =>
  openSqliteStore({ dataFolder, role, clock: Date.now, random: randomBytes });

describe("a data folder", () => {
  test("is made for its owner only, and keeps what was written", async () => {
    using scratch = scratchFolder();
    const dataFolder = join(scratch.path, "new", "data");
    const first = await open(dataFolder);
    if (process.platform !== "win32") assert.equal(statSync(dataFolder).mode & 0o777, 0o700);
    const workflow = await addWorkflow(first, "greetings");
    const release = await publish(first, workflow, "1");
    await first.releases.deploy(deployRequest(workflow, release, [defaultCluster]));
    const clusters = await first.clusters.listClusters();
    await first.close();
    await first.close();
    await assert.rejects(first.probe(), errorOf("store-failed", /closed/));
    await assert.rejects(first.clusters.listClusters(), errorOf("store-failed", /closed/));

    const second = await open(dataFolder);
    assert.deepEqual(await second.clusters.listClusters(), clusters);
    await second.probe();
    await second.close();
  });

  test("has one server at a time", async () => {
    using scratch = scratchFolder();
    const server = await open(scratch.path);
    await assert.rejects(open(scratch.path), errorOf("store-busy"));
    await server.close();
    await (await open(scratch.path)).close();
  });

  test("is open to a command while the server runs, and the server sees what it wrote", async () => {
    using scratch = scratchFolder();
    const server = await open(scratch.path);
    const command = await open(scratch.path, "command");
    await command.keys.addKey({ name: "ci", role: "admin", secretSha256: sha256("secret") });
    await command.close();
    assert.equal((await server.keys.findKey(sha256("secret")))?.name, "ci");
    await server.close();
  });

  test("can be made by a command before any server ran", async () => {
    using scratch = scratchFolder();
    const command = await open(scratch.path, "command");
    await command.keys.addKey({ name: "ci", role: "admin", secretSha256: sha256("secret") });
    await command.close();
    const server = await open(scratch.path);
    assert.equal((await server.keys.listKeys()).length, 1);
    await server.close();
  });

  test("of a newer version is refused, and a command never changes the schema under a running server", async () => {
    using scratch = scratchFolder();
    const server = await open(scratch.path);
    const database = new DatabaseSync(join(scratch.path, "control-plane.sqlite"));
    const newer = database.prepare("INSERT INTO migrations VALUES (1000, 'future', 1, 0)");
    newer.run();
    await assert.rejects(open(scratch.path, "command"), errorOf("store-newer", /"future"/));
    await server.close();
    await assert.rejects(open(scratch.path), errorOf("store-newer", /"future"/));
    database.exec("DELETE FROM migrations");
    database.close();
    using held = new DatabaseSync(join(scratch.path, "control-plane.lock"));
    held.exec("BEGIN EXCLUSIVE");
    await assert.rejects(open(scratch.path, "command"), errorOf("store-busy"));
  });

  test("that is no database or cannot be used is named", async () => {
    using scratch = scratchFolder();
    const damaged = join(scratch.path, "damaged");
    mkdirSync(damaged);
    writeFileSync(join(damaged, "control-plane.sqlite"), "this is no database".repeat(1000));
    await assert.rejects(open(damaged), errorOf("store-failed", /control-plane\.sqlite is not a database/));
    const file = join(scratch.path, "file");
    writeFileSync(file, "");
    await assert.rejects(open(join(file, "data")), errorOf("store-failed", /file/));
  });
});

describe("durability", () => {
  test("a commit is flushed before it returns, and foreign keys hold", () => {
    using scratch = scratchFolder();
    using database = openDatabase(join(scratch.path, "x.sqlite"));
    const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    const names = ["journal_mode", "synchronous", "fullfsync", "checkpoint_fullfsync", "foreign_keys"];
    assert.deepEqual(names.map(pragma), ["wal", 2, 1, 1, 1]);
    assert.equal(pragma("busy_timeout"), 5_000);
  });

  test("the history cannot be changed or shortened", async () => {
    using scratch = scratchFolder();
    const store = await open(scratch.path);
    await publish(store, await addWorkflow(store, "greetings"), "1");
    await store.close();
    using database = new DatabaseSync(join(scratch.path, "control-plane.sqlite"));
    assert.throws(() => database.exec("UPDATE history SET actor = 'x'"), /append-only/);
    assert.throws(() => database.exec("DELETE FROM history"), /append-only/);
  });
});
