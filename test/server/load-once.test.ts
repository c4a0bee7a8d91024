import assert from "node:assert/strict";
import { test } from "node:test";
import { loadOnce } from "../../src/server/load-once.ts";

test("is a promise until it is loaded, and the value itself from then on", async () => {
  let loads = 0;
  const value = {};
  const load = loadOnce(async () => {
    loads++;
    return value;
  });
  const [first, second] = [load(), load()];
  assert.ok(first instanceof Promise);
  assert.equal(second, first);
  assert.equal(await first, value);
  assert.equal(load(), value);
  assert.equal(loads, 1);
});

test("is loaded again after a load that failed", async () => {
  const outcomes = [Promise.reject(new Error("the disk is gone")), Promise.resolve([1])];
  const load = loadOnce(() => outcomes.shift() ?? assert.fail("a third load"));
  const [first, second] = [load(), load()];
  await assert.rejects(async () => first, /the disk is gone/);
  await assert.rejects(async () => second, /the disk is gone/);
  assert.deepEqual(await load(), [1]);
});
