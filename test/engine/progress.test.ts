import assert from "node:assert/strict";
import { test } from "node:test";
import { newDisplay, withReason } from "../../src/engine/display.ts";
import { parseProgress } from "../../src/engine/progress.ts";

test("progress is read with the last value of each label", () => {
  const report = parseProgress([
    { label: "", total: 5n, done: 1n },
    { label: "x", total: 2n, done: 2n },
    { label: "", total: 5n, done: 5n },
  ]);
  assert.deepEqual(report, [
    { label: "", total: 5, done: 5 },
    { label: "x", total: 2, done: 2 },
  ]);
});

test("too much progress is cut, never refused", () => {
  const many = Array.from({ length: 1_500 }, (_, index) => ({ label: `l${index}`, total: 1n, done: 0n }));
  assert.equal(parseProgress(many).length, 1_000);
  const [long] = parseProgress([{ label: "é".repeat(60), total: 2n ** 64n - 1n, done: 0n }]);
  assert.equal(long?.label, "é".repeat(50));
  assert.equal(long?.total, Number.MAX_SAFE_INTEGER);
});

test("a report's display replaces the task's, an empty one leaves it, the engine's reasons follow it", () => {
  assert.equal(newDisplay("Task", "Task of 5"), "Task of 5");
  assert.equal(newDisplay("Task", ""), "Task");
  assert.equal(withReason("Task", "It was lost."), "Task\nIt was lost.");
  assert.equal(withReason("", "It was lost."), "It was lost.");
  assert.equal(withReason("x".repeat(2_000), "It was lost.").length, 1_024);
});
