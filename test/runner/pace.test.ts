import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mostAhead, Pace } from "../../src/runner/pace.ts";

/** A pace after so many tasks of that length. */
function paceAfter(tasks: number, tookMs: number, pace = new Pace()): Pace {
  for (let task = 0; task < tasks; task++) pace.note(tookMs);
  return pace;
}

describe("Pace", () => {
  it("claims nothing ahead until tasks are known to be short, nor where they are not", () => {
    assert.equal(new Pace().ahead, 1);
    assert.equal(paceAfter(3, 1).ahead, 1);
    assert.equal(paceAfter(500, 60).ahead, 1);
  });

  it("claims as many ahead as take a tenth of a second, up to a limit", () => {
    assert.equal(paceAfter(500, 40).ahead, 2);
    assert.equal(paceAfter(500, 20).ahead, 4);
    assert.equal(paceAfter(500, 10).ahead, 8);
    assert.equal(paceAfter(500, 0).ahead, mostAhead);
  });

  it("does not go to and fro with tasks that are a little shorter and a little longer", () => {
    const pace = paceAfter(500, 6);
    const seen = new Set<number>();
    for (let turn = 0; turn < 50; turn++) seen.add(paceAfter(20, turn % 2 === 0 ? 10 : 5, pace).ahead);
    assert.deepEqual([...seen], [mostAhead]);
  });

  it("is not changed by a pause of the machine in which four tasks took long", () => {
    assert.equal(paceAfter(4, 300, paceAfter(500, 6)).ahead, mostAhead);
  });

  it("claims nothing ahead any more after one long task, or where tasks have become longer", () => {
    assert.equal(paceAfter(1, 10_000, paceAfter(500, 6)).ahead, 1);
    assert.equal(paceAfter(100, 300, paceAfter(500, 6)).ahead, 1);
  });

  it("starts anew when a task that was claimed ahead has waited too long", () => {
    const pace = paceAfter(500, 6);
    pace.turn();
    assert.equal(pace.ahead, 1);
    assert.equal(paceAfter(3, 6, pace).ahead, 1);
  });
});
