/** The real @actions/cache against a service that behaves, and that does not. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { createActionsStore } from "../../../src/build/cache/actions-store.ts";
import type { EntryStore } from "../../../src/build/cache/entry-store.ts";
import { createTimeBudget } from "../../../src/build/cache/time-budget.ts";
import { type CacheFault, type CacheService, startCacheService } from "../../support/cache-service.ts";

const never = new AbortController().signal;
const limitBytes = 8 * 1024 * 1024;
/** @actions/cache reads these from its process. */
const variables = [
  "ACTIONS_CACHE_SERVICE_V2",
  "ACTIONS_RESULTS_URL",
  "ACTIONS_RUNTIME_TOKEN",
  "ACTIONS_CACHE_MODE",
  "GITHUB_SERVER_URL",
  "GITHUB_WORKSPACE",
  "RUNNER_TEMP",
];
const outside = Object.fromEntries(variables.map((name) => [name, process.env[name]]));

let service: CacheService;
let store: EntryStore;

before(async () => {
  service = await startCacheService();
  for (const name of variables) delete process.env[name];
  Object.assign(process.env, service.env);
  store = createActionsStore(process.env);
});
afterEach(() => {
  service.fault = undefined;
});
after(async () => {
  for (const name of variables) {
    if (outside[name] === undefined) delete process.env[name];
    else process.env[name] = outside[name];
  }
  await service[Symbol.asyncDispose]();
});

test("what was written under a key is read under that key alone", async () => {
  const bytes = randomBytes(300_000);
  assert.deepEqual(await store.write("key-1", bytes, never), { kind: "written" });
  assert.deepEqual(await store.read("key-1", limitBytes, never), { kind: "found", bytes });
  assert.deepEqual(await store.read("key", limitBytes, never), { kind: "nothing" });
  assert.deepEqual(await store.read("key-11", limitBytes, never), { kind: "nothing" });
  assert.deepEqual(service.entries.get("key-1"), bytes, "one opaque file, no tar around it");
  const second = await store.write("key-1", bytes, never);
  assert.equal(second.kind, "not-written");
});

test("an entry that is larger than it may be is not taken in", async () => {
  service.entries.set("large", Buffer.alloc(limitBytes + 1));
  assert.deepEqual(await store.read("large", limitBytes, never), { kind: "too-large", limitBytes });
  service.fault = "downloads never end";
  assert.deepEqual(await store.read("large", limitBytes, never), { kind: "too-large", limitBytes });
});

const readFaults: [CacheFault, RegExp][] = [
  ["every call fails", /"failed".*500/],
  ["answers are no JSON", /"failed"/],
  ["downloads are refused", /"failed".*403/],
  ["downloads are cut off", /"failed"/],
  ["another key answers", /"other-name"/],
];
for (const [fault, expected] of readFaults) {
  test(`reading while ${fault} is a miss with its reason`, async () => {
    service.entries.set("fault", randomBytes(10_000));
    service.fault = fault;
    const startedAt = performance.now();
    assert.match(JSON.stringify(await store.read("fault", limitBytes, never)), expected);
    assert.ok(performance.now() - startedAt < 4_000);
  });
}

const writeFaults: [CacheFault, RegExp][] = [
  ["every call fails", /500/],
  ["writing is denied", /denied/],
  ["uploads fail", /403|status/],
];
for (const [fault, expected] of writeFaults) {
  test(`writing while ${fault} says why not`, async () => {
    service.fault = fault;
    const answer = await store.write(`write ${fault}`, randomBytes(10_000), never);
    assert.match(JSON.stringify(answer), expected);
    assert.ok(!service.entries.has(`write ${fault}`));
  });
}

for (const fault of ["every call hangs", "downloads hang"] as const) {
  test(`${fault}: the time of the whole run is bounded`, async () => {
    service.entries.set("hang", randomBytes(10_000));
    service.fault = fault;
    const budget = createTimeBudget(600, () => performance.now());
    const startedAt = performance.now();
    const outcomes: unknown[] = [];
    for (let turn = 0; turn < 3; turn++) {
      outcomes.push(await budget.spend((signal) => store.read("hang", limitBytes, signal)));
    }
    assert.deepEqual(outcomes, ["timed-out", "time-spent", "time-spent"]);
    assert.ok(performance.now() - startedAt < 1_500);
  });
}

test("without a service, on a server of one's own and where the mode forbids it, nothing is asked", async () => {
  const calls = service.calls.length;
  assert.deepEqual(await createActionsStore({}).read("key-1", limitBytes, never), { kind: "no-service" });
  process.env.GITHUB_SERVER_URL = "https://git.example.org";
  assert.deepEqual(await store.read("key-1", limitBytes, never), { kind: "no-service" });
  delete process.env.GITHUB_SERVER_URL;
  process.env.ACTIONS_CACHE_MODE = "write-only";
  const unread = await store.read("key-1", limitBytes, never);
  assert.deepEqual(unread, { kind: "not-readable", mode: "write-only" });
  process.env.ACTIONS_CACHE_MODE = "read";
  assert.equal((await store.write("mode", randomBytes(10), never)).kind, "not-written");
  delete process.env.ACTIONS_CACHE_MODE;
  assert.equal(service.calls.length, calls);
});

test("the service speaks as @actions/cache expects it to: saveCache and restoreCache of the package work with it", async () => {
  const cache = await import("@actions/cache");
  const folder = await mkdtemp(join(tmpdir(), "saved-"));
  try {
    process.env.GITHUB_WORKSPACE = folder;
    process.env.RUNNER_TEMP = folder;
    const file = join(folder, "file");
    await writeFile(file, "content");
    assert.equal(await cache.saveCache([file], "of the package"), 1);
    await rm(file);
    assert.equal(await cache.restoreCache([file], "of the package"), "of the package");
    assert.equal(await readFile(file, "utf8"), "content");
    // What that wrote is a tar of its own kind: it is read as bytes, and never unpacked.
    await rm(file);
    assert.equal((await store.read("of the package", limitBytes, never)).kind, "found");
    await assert.rejects(readFile(file));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
