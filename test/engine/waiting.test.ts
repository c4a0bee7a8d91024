import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asksForTask, getsIdleAnswer, type RunnerRhythm, works } from "../../src/engine/waiting.ts";

/** A runner that asks and gets nothing, again and again. */
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

  /** Sleeps as it is told and is late by that. Returns for how long its request was held. */
  follow(latenessMs: number): number {
    const holdMs = this.ask();
    this.nowMs += this.idle() + latenessMs;
    return holdMs;
  }

  /** Comes back in a time of its own. */
  ignore(pauseMs: number): number {
    const holdMs = this.ask();
    this.idle();
    this.nowMs += pauseMs;
    return holdMs;
  }
}

describe("waiting", () => {
  test("run_all, called again and again, is answered at once, whatever the pauses in between", () => {
    for (const pauseMs of [0, 2, 10, 20, 30, 49, 51, 60, 80, 300, 5_000]) {
      const runner = new Asking();
      for (let round = 0; round < 100; round++) assert.equal(runner.ignore(pauseMs), 0, `${pauseMs} ms`);
    }
  });

  test("run_forever is held from its fifth request on, near and far away", () => {
    for (const lateness of [0, 3, 120]) {
      const runner = new Asking();
      const holds = Array.from({ length: 7 }, (_, round) => runner.follow(lateness + (round % 2) * 8));
      assert.deepEqual(holds, [0, 0, 0, 0, 1_000, 1_000, 1_000]);
    }
  });

  test("a task that gets ready before a runner is trusted waits for 50 ms at most", () => {
    const runner = new Asking();
    for (let round = 0; round < 4; round++) {
      assert.equal(runner.ask(), 0);
      const sleepMs = runner.idle();
      assert.ok(sleepMs <= 50);
      runner.nowMs += sleepMs;
    }
  });

  test("a trusted runner is held right after a task and hardly sleeps; another is not", () => {
    const trusted = new Asking();
    for (let round = 0; round < 6; round++) trusted.follow(3);
    trusted.ask();
    trusted.rhythm = works(trusted.rhythm);
    trusted.nowMs += 60_000;
    assert.equal(trusted.ask(), 1_000);
    assert.equal(trusted.idle(), 1);

    const newcomer = new Asking();
    newcomer.follow(3);
    newcomer.rhythm = works(newcomer.rhythm);
    assert.equal(newcomer.ask(), 0);
  });

  test("a trusted runner that stays away must earn its trust again", () => {
    const runner = new Asking();
    for (let round = 0; round < 6; round++) runner.follow(3);
    runner.ignore(10_000);
    assert.equal(runner.ask(), 0);
  });

  test("a runner that waits asks about once a second", () => {
    const runner = new Asking();
    const startMs = runner.nowMs;
    let asked = 0;
    for (; runner.nowMs < startMs + 10_000; asked++) runner.follow(2);
    assert.ok(asked < 16, `${asked} requests in ten seconds`);
  });
});
