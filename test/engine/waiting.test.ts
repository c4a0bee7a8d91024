import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asksForTask, getsIdleAnswer, type RunnerRhythm, works } from "../../src/engine/waiting.ts";

/** A runner that asks and gets nothing, again and again, each time so long after the answer. */
class Asking {
  nowMs = 1_000;
  rhythm: RunnerRhythm | undefined;

  /** Returns for how long it is held. */
  ask(): number {
    const { rhythm, holdMs } = asksForTask(this.rhythm, this.nowMs);
    this.nowMs += holdMs;
    this.rhythm = rhythm;
    return holdMs;
  }

  /** Returns how long it is told to sleep. */
  idle(): number {
    const { rhythm, sleepMs } = getsIdleAnswer(this.rhythm ?? assert.fail("it did not ask"), this.nowMs);
    this.rhythm = rhythm;
    return sleepMs;
  }

  /** Asks and comes back after what it is told, plus so long. Returns for how long it was held. */
  round(latenessMs: number): number {
    const holdMs = this.ask();
    this.nowMs += this.idle() + latenessMs;
    return holdMs;
  }
}

describe("waiting", () => {
  test("run_all, again and again, is answered at once", () => {
    const runner = new Asking();
    for (let round = 0; round < 20; round++) {
      assert.equal(runner.ask(), 0);
      runner.idle();
      runner.nowMs += 2;
    }
  });

  test("run_all after longer pauses is answered at once too", () => {
    const runner = new Asking();
    for (let round = 0; round < 20; round++) assert.equal(runner.round(500), 0);
  });

  test("run_forever is held longer and longer, then for a second", () => {
    const runner = new Asking();
    const holds = Array.from({ length: 7 }, () => runner.round(3));
    assert.deepEqual(holds, [0, 50, 100, 200, 1_000, 1_000, 1_000]);
  });

  test("a trusted runner is held right after a task and hardly sleeps; another is not", () => {
    const trusted = new Asking();
    for (let round = 0; round < 6; round++) trusted.round(3);
    trusted.ask();
    trusted.rhythm = works(trusted.rhythm);
    assert.equal(trusted.ask(), 1_000);
    assert.equal(trusted.idle(), 1);

    const newcomer = new Asking();
    newcomer.round(3);
    newcomer.round(3);
    newcomer.rhythm = works(newcomer.rhythm);
    assert.equal(newcomer.ask(), 0);
    assert.equal(newcomer.idle(), 20);
  });

  test("a trusted runner that stays away must earn its trust again", () => {
    const runner = new Asking();
    for (let round = 0; round < 6; round++) runner.round(3);
    runner.round(10_000);
    assert.equal(runner.ask(), 0);
  });

  test("a runner waits at most a second for each answer and asks at most fifty times a second", () => {
    const runner = new Asking();
    const startMs = runner.nowMs;
    let asked = 0;
    while (runner.nowMs < startMs + 10_000) {
      assert.ok(runner.round(0) <= 1_000);
      asked++;
    }
    assert.ok(asked < 20, `${asked} requests in ten seconds`);
  });
});
