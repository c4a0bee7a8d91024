import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createLocalStore, machineSecret } from "../../../src/build/cache/local-store.ts";
import { createScratchFolder } from "../../support/scratch-folder.ts";

const never = new AbortController().signal;

test("what was not used for the longest time makes room; what is larger than an entry may be is refused", async () => {
  await using folder = await createScratchFolder();
  const store = createLocalStore(join(folder.path, "builds"), 2_500);
  const bytes = randomBytes(1_000);
  for (const [name, ageS] of [
    ["a", 30],
    ["b", 20],
  ] as const) {
    await store.write(name, bytes, never);
    const then = Date.now() / 1000 - ageS;
    await utimes(join(folder.path, "builds", `${name}.build`), then, then);
  }
  assert.deepEqual(await store.read("a", 5_000, never), { kind: "found", bytes });
  await store.write("c", bytes, never);
  assert.deepEqual((await readdir(join(folder.path, "builds"))).sort(), ["a.build", "c.build"]);
  assert.deepEqual(await store.read("b", 5_000, never), { kind: "nothing" });
  assert.deepEqual(await store.read("c", 999, never), { kind: "too-large", limitBytes: 999 });
});

test("a folder that cannot be used is a reason, not an error", async () => {
  await using folder = await createScratchFolder({ file: "in the way" });
  const store = createLocalStore(join(folder.path, "file"), 1_000);
  assert.equal((await store.read("a", 1_000, never)).kind, "failed");
  assert.equal((await store.write("a", Buffer.from("a"), never)).kind, "not-written");
});

test("a machine has one secret, which only its user can read", async () => {
  await using scratch = await createScratchFolder();
  const folder = join(scratch.path, "builds");
  const secrets = await Promise.all([1, 2, 3, 4].map(() => machineSecret(folder)));
  assert.equal(new Set(secrets.map((secret) => secret.toString("hex"))).size, 1);
  assert.equal(secrets[0]?.length, 32);
  assert.deepEqual(await machineSecret(folder), secrets[0]);
  assert.deepEqual(await readdir(folder), ["secret"]);
  if (process.platform !== "win32") {
    assert.equal((await stat(join(folder, "secret"))).mode & 0o777, 0o600);
  }
});
