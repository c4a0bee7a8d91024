import assert from "node:assert/strict";
import { test } from "node:test";
import { createRunnersSeen } from "../../src/server/runners-seen.ts";
import { identifier } from "../store/job-samples.ts";
import { cluster, defaultCluster, slug } from "../store/samples.ts";

const dev = { slug: slug("dev"), isDefault: false };
const first = { slug: slug("default"), isDefault: true };

test("runners are seen on their cluster while their connection is open, and a minute longer", () => {
  let nowMs = 0;
  const seen = createRunnersSeen(
    () => nowMs,
    () => {},
  );
  const peer = { destroyed: false };
  const offer = { cluster: cluster("dev"), identifiers: [identifier("A")] };
  seen.note(offer, peer);
  seen.note({ ...offer, cluster: defaultCluster }, undefined);
  assert.deepEqual(seen.onCluster(dev), [{ identifiers: offer.identifiers, askedAtMs: 0 }]);
  assert.equal(seen.onCluster(first).length, 1);
  nowMs = 3_600_000;
  assert.equal(seen.onCluster(dev).length, 1, "it may run a task of an hour");
  assert.equal(seen.onCluster(first).length, 0);
  peer.destroyed = true;
  assert.equal(seen.onCluster(dev).length, 0);
});

test("a runner counts once, with what it offered last, and memory is bounded", () => {
  const seen = createRunnersSeen(
    () => 0,
    () => {},
  );
  const peer = { destroyed: false };
  seen.note({ cluster: cluster("dev"), identifiers: [identifier("A")] }, peer);
  seen.note({ cluster: cluster("dev"), identifiers: [identifier("B")] }, peer);
  assert.deepEqual(
    seen.onCluster(dev).map(({ identifiers }) => identifiers[0]?.name),
    ["B"],
  );
  for (let index = 0; index < 10_000; index++) {
    seen.note({ cluster: cluster("dev"), identifiers: [identifier(`T${index}`)] }, { destroyed: false });
  }
  assert.ok(seen.onCluster(dev).length <= 2_000);
});
