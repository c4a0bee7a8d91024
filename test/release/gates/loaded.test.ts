import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import type { HttpApiClient } from "../../../src/api/client.ts";
import type { RunnerReleaseState } from "../../../src/api/runner-calls.ts";
import type { Gate } from "../../../src/release/gates/gate.ts";
import { startControlPlane, type TestControlPlane } from "../../support/control-plane.ts";
import { deployRelease, type MadeRelease, publishEmpty } from "../../support/deployed-release.ts";
import { type GateSetting, tryGates } from "../../support/gate-context.ts";
import { VirtualWorld } from "../../support/virtual-world.ts";

const ready: Gate = { kind: "ready", task: undefined };
const world = new VirtualWorld(Date.UTC(2026, 0, 1));

let server: TestControlPlane;
let api: HttpApiClient;
let earlier: MadeRelease;
let release: MadeRelease;

before(async () => {
  server = await startControlPlane("none", world.clock);
  api = await server.client();
  earlier = await publishEmpty(api, "loaded", [{ name: "loaded/Run", version: "v1.0" }]);
  release = await publishEmpty(api, "loaded", [{ name: "loaded/Run", version: "v1.1" }]);
});
after(async () => {
  api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  assert.deepEqual(server.failures, []);
});

async function clusterWithRelease(name: string): Promise<GateSetting> {
  await api.workflows.createCluster({ name, slug: name });
  await deployRelease(api, release, name);
  const limits = { readyMs: 20_000, smokeMs: 1, replayMs: 1, endsAtMs: Number.POSITIVE_INFINITY };
  return { api, cluster: name, world, limits };
}

/** What a release runner tells every few seconds. */
async function report(
  runner: string,
  cluster: string,
  releases: readonly (readonly [MadeRelease, RunnerReleaseState])[],
): Promise<void> {
  await api.reportRunner({
    ...{ id: runner, cluster, version: "1.0.0", concurrency: 1, tasks: 0, stopped: false },
    releases: releases.map(([{ id, workflow }, state]) => ({
      ...{ id, workflow, state },
      reason: state === "broken" ? "no space is left on its disk" : "",
    })),
    workerKeySha256: createHash("sha256").update(runner).digest("hex"),
  });
}

test("it waits for a runner, for its loading, and for others to let go of the release before", async () => {
  const setting = await clusterWithRelease("changing");
  const { cluster } = setting;
  const [first, second] = [randomUUID(), randomUUID()];
  world.after(2_000, () => report(first, cluster, []));
  world.after(4_000, () => report(first, cluster, [[release, "loading"]]));
  world.after(6_000, () => report(second, cluster, [[earlier, "ready"]]));
  world.after(8_000, () => report(first, cluster, [[release, "ready"]]));
  world.after(10_000, async () => {
    await report(second, cluster, [
      [earlier, "draining"],
      [release, "loading"],
    ]);
  });
  const { results, lines } = await tryGates([ready], release, setting);
  const short = first.slice(0, 8);
  assert.equal(results[0]?.outcome, "passed");
  assert.equal(results[0]?.message, `loaded by runner ${short} (anyone)`);
  assert.ok(results[0].tookMs >= 10_000 && results[0].tookMs < 13_000);
  assert.deepEqual(
    lines.map((line) => line.replace(/^.*waiting for /, "").replace(/, [\d.]+ s left$/, "")),
    [
      "a runner on changing",
      `runner ${short} (anyone), which has not begun to load the release`,
      `runner ${short} (anyone), which is loading the release`,
      `runner ${short} (anyone), which is loading the release; runner ${second.slice(0, 8)} (anyone), which still serves release ${earlier.id}`,
      `runner ${second.slice(0, 8)} (anyone), which still serves release ${earlier.id}`,
    ],
  );
});

test("a runner that loads for longer than the limit has not loaded it", async () => {
  const setting = await clusterWithRelease("slow");
  await report(randomUUID(), "slow", [[release, "loading"]]);
  const { results } = await tryGates([ready], release, setting);
  assert.deepEqual([results[0]?.reason, results[0]?.tookMs], ["release-not-loaded", 20_000]);
});

test("one runner that cannot load it is named where another has, and fails the gate where none has", async () => {
  const setting = await clusterWithRelease("mixed");
  const [good, bad] = [randomUUID(), randomUUID()];
  await report(bad, "mixed", [[release, "broken"]]);
  const alone = await tryGates([ready], release, setting);
  assert.deepEqual([alone.results[0]?.reason, alone.results[0]?.tookMs], ["release-refused", 0]);
  assert.deepEqual(alone.results[0]?.problems, [
    { message: `runner ${bad.slice(0, 8)} (anyone): no space is left on its disk` },
  ]);
  await report(good, "mixed", [[release, "ready"]]);
  const both = await tryGates([ready], release, setting);
  assert.equal(both.results[0]?.outcome, "passed");
  assert.match(
    both.lines.join("\n"),
    /^warning: .*no space is left on its disk: it cannot load the release$/,
  );
});

test("a runner that cannot load it does not fail the gate while another may", async () => {
  const setting = await clusterWithRelease("patient");
  const [refusing, slow] = [randomUUID(), randomUUID()];
  await report(refusing, "patient", [[release, "broken"]]);
  await report(slow, "patient", [[release, "loading"]]);
  world.after(5_000, () => report(slow, "patient", [[release, "ready"]]));
  const { results } = await tryGates([ready], release, setting);
  assert.equal(results[0]?.outcome, "passed");
});
