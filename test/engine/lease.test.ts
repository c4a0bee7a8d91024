import assert from "node:assert/strict";
import { test } from "node:test";
import { extendedLease, firstLease } from "../../src/engine/lease.ts";

test("leases begin at 15 s, double as runners ask, end at 5 min, and are due for extension 5 s before their end", () => {
  assert.deepEqual(firstLease(), { leaseMs: 15_000, waitMs: 10_000 });
  const granted = [];
  for (let lease = firstLease(), round = 0; round < 7; round++) {
    lease = extendedLease(2 * lease.leaseMs);
    granted.push(lease.leaseMs / 1000);
    assert.equal(lease.waitMs, lease.leaseMs - 5_000);
  }
  assert.deepEqual(granted, [30, 60, 120, 240, 300, 300, 300]);
});

test("a runner that asks for little or nothing gets a first lease", () => {
  for (const askedMs of [0, -5, 1, 14_999]) assert.equal(extendedLease(askedMs).leaseMs, 15_000);
});
