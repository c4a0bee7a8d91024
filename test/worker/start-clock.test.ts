import assert from "node:assert/strict";
import { it } from "node:test";
import { StartClock } from "../../src/worker/start-clock.ts";
import type { StartProgress } from "../../src/worker/start-failure.ts";

it("gives each phase its own limit and says every ten seconds how far it is", () => {
  let now = 1_000;
  const said: StartProgress[] = [];
  const clock = new StartClock(
    { environmentMs: 25_000, importMs: 15_000 },
    (progress) => said.push(progress),
    () => now,
  );
  const at = (ms: number) => {
    now = 1_000 + ms;
    return clock.overdue();
  };
  assert.equal(at(9_999), false);
  assert.deepEqual(said, []);
  assert.equal(at(10_000), false);
  assert.equal(at(10_500), false);
  assert.equal(at(20_000), false);
  clock.enterImport();
  assert.equal(clock.phase, "import");
  assert.equal(at(30_000), false);
  clock.enterImport();
  assert.equal(at(35_000), false);
  assert.equal(at(35_001), true);
  assert.deepEqual(said, [
    { phase: "environment", elapsedMs: 10_000, limitMs: 25_000 },
    { phase: "environment", elapsedMs: 20_000, limitMs: 25_000 },
    { phase: "import", elapsedMs: 10_000, limitMs: 15_000 },
  ]);
  assert.deepEqual(clock.measured(), { environmentMs: 20_000, importMs: 15_001 });
});

it("ends the first phase at its own limit", () => {
  let now = 0;
  const clock = new StartClock(
    { environmentMs: 100, importMs: 900 },
    () => {},
    () => now,
  );
  now = 101;
  assert.equal(clock.overdue(), true);
  assert.equal(clock.limitMs, 100);
  assert.deepEqual(clock.measured(), { environmentMs: 101, importMs: 0 });
});
