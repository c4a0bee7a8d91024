import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as waitFor } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { backUp } from "../../../src/server/backup/back-up.ts";
import { findBackup, listBackups } from "../../../src/server/backup/manifest.ts";
import { restore } from "../../../src/server/backup/restore.ts";
import { openFileBlobs, readFileBlobs } from "../../../src/server/blobs.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { newJob, task } from "../../store/job-samples.ts";
import { addWorkflow, publishRequest, sha256 } from "../../store/samples.ts";
import { errorOf } from "../../support/errors.ts";
import { createScratchFolder } from "../../support/scratch-folder.ts";

const cli = fileURLToPath(new URL("../../../src/cli.ts", import.meta.url));

/** A data folder with a release, an upload without one, and a job. */
async function createData(tasks = 3) {
  const scratch = await createScratchFolder();
  const dataFolder = join(scratch.path, "data");
  const blobs = await openFileBlobs(join(dataFolder, "artifacts"));
  const store = await openSqliteStore({ dataFolder, clock: Date.now, random: randomBytes, role: "server" });
  const upload = async (name: string) => {
    const bytes = Buffer.from(`archive ${name}`);
    const archiveSha256 = sha256(`archive ${name}`);
    const blob = await blobs.begin();
    await blob.write(bytes);
    await blob.keep(archiveSha256);
    const sizes = { tarSizeBytes: 4096, fileCount: 1, archiveSizeBytes: bytes.length };
    return await store.artifacts.addArtifact({ digest: sha256(`tar ${name}`), archiveSha256, ...sizes });
  };
  const released = await upload("released");
  const uploaded = await upload("uploaded");
  const workflow = await addWorkflow(store, "greetings");
  await store.releases.publish(publishRequest(workflow, released, "first"));
  const members = Array.from({ length: tasks }, (_, index) => task(`task ${index}`));
  await store.jobs.submitJob(newJob([{ dependsOn: [], tasks: members }]));
  await store.close();
  const place = join(scratch.path, "backups");
  let times = 0;
  return {
    dataFolder,
    place,
    uploaded,
    released,
    fileOf: (folder: string, archiveSha256: string) => join(folder, archiveSha256.slice(0, 2), archiveSha256),
    backUp: () =>
      backUp({
        dataFolder,
        place,
        artifacts: readFileBlobs(join(dataFolder, "artifacts")),
        clock: () => Date.UTC(2026, 10, 24) + times++,
      }),
    target: () => join(scratch.path, `restored-${times++}`),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

const rowsOf = (folder: string) => {
  using database = new DatabaseSync(join(folder, "control-plane.sqlite"), { readOnly: true });
  return ["releases", "artifacts", "tasks", "history"].map((table) =>
    database
      .prepare(`SELECT * FROM ${table}`)
      .all()
      .map((row) => ({ ...row })),
  );
};

test("restores what was there, the newest of several backups, and copies artifacts once", async () => {
  await using data = await createData();
  assert.equal((await data.backUp()).copied.artifacts, 2);
  assert.deepEqual((await data.backUp()).copied, { artifacts: 0, sizeBytes: 0 });
  const target = data.target();
  const { name } = await restore({ from: data.place, dataFolder: target, artifacts: undefined });
  assert.equal(name, (await listBackups(data.place)).at(-1));
  assert.deepEqual(rowsOf(target), rowsOf(data.dataFolder));
  for (const { archiveSha256 } of [data.released, data.uploaded]) {
    const [before, after] = [data.dataFolder, target].map((folder) =>
      readFile(data.fileOf(join(folder, "artifacts"), archiveSha256)),
    );
    assert.deepEqual(await after, await before);
  }
});

test("leaves out an upload whose file is gone, and refuses when a release's file is", async () => {
  await using data = await createData();
  await rm(data.fileOf(join(data.dataFolder, "artifacts"), data.uploaded.archiveSha256));
  const { manifest } = await data.backUp();
  assert.equal(manifest.rows.artifacts, 1);
  await rm(data.fileOf(join(data.dataFolder, "artifacts"), data.released.archiveSha256));
  await rm(join(data.place, "artifacts"), { recursive: true });
  await assert.rejects(data.backUp(), errorOf("store-failed"));
  assert.deepEqual(
    (await readdir(data.place)).filter((name) => name.startsWith("unfinished")),
    [],
  );
});

test("refuses a target with anything in it, and a folder without data or backup", async () => {
  await using data = await createData();
  await data.backUp();
  const { dataFolder } = data;
  await assert.rejects(
    restore({ from: data.place, dataFolder, artifacts: undefined }),
    errorOf("folder-not-empty"),
  );
  const nothing = { dataFolder: data.target(), artifacts: undefined };
  await assert.rejects(restore({ ...nothing, from: data.dataFolder }), errorOf("backup-invalid"));
  const artifacts = readFileBlobs(data.place);
  await assert.rejects(
    backUp({ dataFolder: data.target(), place: data.place, artifacts, clock: Date.now }),
    errorOf("data-not-found"),
  );
});

const damages = {
  "a byte more in the database": (folder: string) => appendFile(join(folder, "database.sqlite"), "x"),
  "no manifest": (folder: string) => rm(join(folder, "manifest.json")),
  "another count in the manifest": async (folder: string) => {
    const path = join(folder, "manifest.json");
    const text = await readFile(path, "utf8");
    assert.match(text, /"tasks": 3/);
    await writeFile(path, text.replace('"tasks": 3', '"tasks": 2'));
  },
};

for (const [what, damage] of Object.entries(damages)) {
  test(`refuses a backup with ${what}, and leaves nothing that could be served`, async () => {
    await using data = await createData();
    const { folder } = await data.backUp();
    await damage(folder);
    const dataFolder = data.target();
    await assert.rejects(
      restore({ from: data.place, dataFolder, artifacts: undefined }),
      errorOf("backup-invalid"),
    );
    const left = await readdir(dataFolder).catch(() => []);
    assert.deepEqual(
      left.filter((name) => name !== "control-plane.lock"),
      [],
    );
  });
}

test("refuses an artifact that is missing, or has other bytes", async () => {
  await using data = await createData();
  await data.backUp();
  const file = data.fileOf(join(data.place, "artifacts"), data.released.archiveSha256);
  const restoring = () => restore({ from: data.place, dataFolder: data.target(), artifacts: undefined });
  await appendFile(file, "x");
  await assert.rejects(restoring(), errorOf("backup-invalid"));
  await rm(file);
  await assert.rejects(restoring(), errorOf("backup-invalid"));
});

test("refuses the schema of a newer version", async () => {
  await using data = await createData();
  {
    using database = new DatabaseSync(join(data.dataFolder, "control-plane.sqlite"));
    database.exec("INSERT INTO migrations VALUES (1000, 'later', 1, 0)");
  }
  await assert.rejects(data.backUp(), errorOf("store-newer"));
});

const kills = 20;

test(`${kills} backups killed at random: whatever has a backup's name can be restored`, async (t) => {
  await using data = await createData(20_000);
  await data.backUp();
  const args = ["backup", "--data", data.dataFolder, "--to", data.place, "--json"];
  const run = async (killAfterMs: number | undefined) => {
    const child = spawn(process.execPath, [cli, ...args], { stdio: "ignore" });
    const exited = once(child, "exit");
    if (killAfterMs !== undefined) {
      await Promise.race([exited, waitFor(killAfterMs)]);
      child.kill("SIGKILL");
    }
    await exited;
  };
  const startedAt = performance.now();
  await run(undefined);
  const wholeMs = performance.now() - startedAt;
  let cut = 0;
  for (let round = 0; round < kills; round++) {
    const before = (await listBackups(data.place)).length;
    await run(wholeMs * (0.3 + 0.7 * Math.random()));
    const backups = await listBackups(data.place);
    if (backups.length === before) {
      cut++;
      continue;
    }
    const dataFolder = data.target();
    await restore({ from: data.place, dataFolder, artifacts: undefined });
    assert.deepEqual(rowsOf(dataFolder), rowsOf(data.dataFolder));
  }
  t.diagnostic(`${cut} of ${kills} were cut before they were complete`);
  await run(undefined);
  const unfinished = (await readdir(data.place)).filter((name) => name.startsWith("unfinished"));
  assert.deepEqual(unfinished, []);
  assert.equal((await findBackup(data.place)).manifest.rows.tasks, 20_000);
});
