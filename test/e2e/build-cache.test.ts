/** dist/index.js with GitHub's cache: what it takes from it, what it refuses, and what a broken one costs. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { openEntry, sealEntry } from "../../src/build/cache/entry.ts";
import { openSecret, secretOfApiKey } from "../../src/build/cache/secret.ts";
import { type ActionRun, runAction } from "../support/action-runner.ts";
import { type CacheService, startCacheService } from "../support/cache-service.ts";
import { pullRequestEvent, pushEvent, tagEvent } from "../support/github-events.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { placesWithSecret } from "../support/secret-search.ts";
import { type SeededControlPlane, seedControlPlane } from "../support/seeded-control-plane.ts";

/** What a run may need beside the cache's 5 s: a build, on a machine that other tests share. */
const buildMs = 20_000;

const resources = new AsyncDisposableStack();
let service: CacheService;
let project: ScratchProject;
let controlPlane: SeededControlPlane;
let sha = "";
/** What the run that wrote the first entry found. */
let proven: ActionRun["outputs"] = {};

before(async () => {
  service = resources.use(await startCacheService());
  project = resources.use(await createScratchProject("tiles"));
  controlPlane = resources.use(await seedControlPlane({ workflows: ["tiles"], clusters: ["tiles-dev"] }));
  sha = await project.git("rev-parse", "HEAD");
});
afterEach(() => {
  service.fault = undefined;
});
after(() => resources.disposeAsync());

type Options = Partial<Parameters<typeof runAction>[0]>;

async function run(options: Options = {}) {
  const event = pullRequestEvent(sha, "feature");
  return await runAction({
    workspace: project.folder,
    event,
    ...options,
    env: { ...service.env, ...options.env },
  });
}

const started = /^Starting the worker/m;
const content = ({ outputs }: ActionRun) => [
  outputs["artifact-digest"],
  outputs.fingerprint,
  outputs.tasks,
  outputs["workflow-slug"],
];

test("the second check of the same content starts no worker and says the same", async () => {
  await using first = await run();
  assert.equal(first.exitCode, 0, first.log);
  assert.match(first.log, /^not in the cache: workflow tiles, digest [0-9a-f]{12}, .*python .*platform/m);
  assert.match(first.log, started);
  assert.equal(service.entries.size, 1);
  proven = first.outputs;
  await using second = await run();
  assert.equal(second.exitCode, 0, second.log);
  assert.doesNotMatch(second.log, started);
  assert.match(second.log, /^reused: from the cache, built just now$/m);
  assert.match(second.summary, /not started: 5 tasks found when this content was built/);
  assert.deepEqual(content(second), content(first));
  const archives = await Promise.all(
    [first, second].map(({ outputs }) => readFile(outputs["artifact-path"] ?? "")),
  );
  assert.deepEqual(archives[0], archives[1]);
});

test("cache: false and events that build releases do not touch it, and say so", async () => {
  const calls = service.calls.length;
  await using off = await run({ inputs: { cache: "false" } });
  assert.match(off.log, /^cache not read: it is switched off$/m);
  assert.match(off.log, started);
  await using tagged = await run({ event: tagEvent(sha, "v1.0.0") });
  assert.match(tagged.log, /^cache not read: tag push$/m);
  assert.match(tagged.summary, /cache not read&#58; tag push/);
  assert.equal(service.calls.length, calls);
  for (const other of [off, tagged]) assert.equal(other.outputs.fingerprint, proven.fingerprint);
});

test("a run that publishes takes no entry that one without the key could have written", async () => {
  const [openName = "", openBytes = Buffer.alloc(0)] = [...service.entries][0] ?? [];
  const inputs = { "api-url": controlPlane.url, "api-key": controlPlane.apiKey, "dev-cluster": "tiles-dev" };
  // Somebody without the key has put an entry with another task wherever this run could look.
  const secret = secretOfApiKey(controlPlane.apiKey);
  const name = openName.replace(openSecret().name, secret.name);
  const key = headerOf(openBytes).key;
  const opened = await openEntry(openBytes, key, openSecret());
  assert(opened.kind === "entry");
  const forged = { ...opened.entry, tasks: [{ name: "evil", version: "v6.6" }] };
  service.entries.set(name, sealEntry(forged, openSecret()));
  await using publishing = await run({ event: pushEvent(sha), inputs });
  assert.equal(publishing.exitCode, 0, publishing.log);
  assert.match(
    publishing.log,
    /^cache entry refused: it is damaged, or not from a run with these credentials$/m,
  );
  assert.match(publishing.log, started);
  assert.equal(publishing.outputs.published, "created");
  assert.equal(publishing.outputs.fingerprint, proven.fingerprint);
  const places = Object.fromEntries(
    [...service.entries].map(([at, bytes]) => [at, bytes.toString("latin1")]),
  );
  assert.deepEqual(placesWithSecret(controlPlane.apiKey, { log: publishing.log, ...places }), []);
});

test("an entry of another project or an older one, put under this key, is refused with what differs", async () => {
  const [name = "", bytes = Buffer.alloc(0)] = [...service.entries][0] ?? [];
  const opened = await openEntry(bytes, headerOf(bytes).key, openSecret());
  assert(opened.kind === "entry");
  const { key } = opened.entry;
  const other = { ...opened.entry, key: { ...key, workflow: "greetings", digest: "0".repeat(64) } };
  service.entries.set(name, sealEntry(other, openSecret()));
  await using checked = await run();
  assert.match(
    checked.log,
    /^cache entry refused: it is of another build \(workflow greetings there, tiles here; digest /m,
  );
  assert.match(checked.log, started);
  assert.equal(checked.outputs.fingerprint, proven.fingerprint);
  service.entries.set(name, bytes);
});

for (const fault of [
  "every call fails",
  "every call hangs",
  "downloads never end",
  "uploads hang",
] as const) {
  test(`${fault}: the run succeeds, in time`, async () => {
    if (fault === "uploads hang") service.entries.clear();
    service.fault = fault;
    await using checked = await run();
    assert.equal(checked.exitCode, 0, checked.log);
    assert.match(checked.log, started);
    assert.match(checked.log, /^(cache (not read|entry refused)|not in the cache|not kept in the cache): /m);
    if (fault === "uploads hang")
      assert.match(checked.log, /^not kept in the cache: it did not answer in time$/m);
    assert.equal(checked.outputs.fingerprint, proven.fingerprint);
    assert.ok(checked.durationMs < 5_000 + buildMs, `${checked.durationMs} ms`);
  });
}

/** After the magic's line, 32 bytes of HMAC and 4 of length, any of which may be a brace. */
function headerOf(bytes: Buffer) {
  const start = bytes.indexOf("\n") + 1 + 32 + 4;
  const length = bytes.readUInt32BE(start - 4);
  return JSON.parse(bytes.toString("utf8", start, start + length));
}
