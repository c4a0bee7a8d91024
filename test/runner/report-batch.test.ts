import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReportBatch } from "../../src/runner/report-batch.ts";
import { HeldTime } from "../support/held-time.ts";

/** A batch, what is claimed ahead, which reports have left, in that order, and how they are answered. */
function stage(spareTasks: number) {
  const time = new HeldTime();
  const ahead = { isWanted: true, spareTasks };
  const batch = new ReportBatch(time, () => ahead);
  const left: string[] = [];
  const answers = new Map<string, () => void>();
  const end = async (name: string): Promise<void> => {
    const call = () => new Promise<void>((answer) => answers.set(name, answer));
    void batch.send(() => {
      left.push(name);
      return call();
    });
    await time.pass(0);
  };
  const answer = async (name: string): Promise<void> => {
    answers.get(name)?.();
    await time.pass(0);
  };
  return { time, ahead, batch, left, end, answer };
}

describe("ReportBatch", () => {
  it("lets a report leave at once where tasks are too long to be claimed ahead, whatever is unanswered", async () => {
    const { ahead, left, end } = stage(0);
    ahead.isWanted = false;
    await end("a");
    await end("b");
    assert.deepEqual(left, ["a", "b"]);
  });

  it("lets a report leave at once where none waits for its turn, or only one", async () => {
    const { ahead, left, end, answer } = stage(0);
    await end("a");
    assert.deepEqual(left, ["a"]);
    await answer("a");
    ahead.spareTasks = 1;
    await end("b");
    assert.deepEqual(left, ["a", "b"]);
  });

  it("lets them leave together, in order, when as many wait as tasks are left to run meanwhile", async () => {
    const { ahead, left, end } = stage(4);
    await end("a");
    ahead.spareTasks = 3;
    await end("b");
    assert.deepEqual(left, []);
    ahead.spareTasks = 2;
    await end("c");
    assert.deepEqual(left, ["a", "b", "c"]);
  });

  it("lets none leave one by one while others are unanswered, and all together when they are answered", async () => {
    const { left, end, answer } = stage(0);
    await end("a");
    await end("b");
    await end("c");
    assert.deepEqual(left, ["a"]);
    await answer("a");
    assert.deepEqual(left, ["a", "b", "c"]);
    await answer("b");
    await end("d");
    assert.deepEqual(left, ["a", "b", "c"]);
    await answer("c");
    assert.deepEqual(left, ["a", "b", "c", "d"]);
  });

  it("keeps none longer than twenty milliseconds after the first, whatever is unanswered", async () => {
    const { time, left, end } = stage(20);
    await end("a");
    await time.pass(12);
    await end("b");
    await time.pass(7);
    assert.deepEqual(left, []);
    await time.pass(1);
    assert.deepEqual(left, ["a", "b"]);
    await end("c");
    await time.pass(19);
    assert.deepEqual(left, ["a", "b"]);
    await time.pass(1);
    assert.deepEqual(left, ["a", "b", "c"]);
  });

  it("keeps none back when it is told so", async () => {
    const { time, batch, left, end } = stage(20);
    await end("a");
    batch.leave();
    await time.pass(0);
    assert.deepEqual(left, ["a"]);
  });

  it("answers and fails as the call does", async () => {
    const { batch } = stage(0);
    assert.equal(await batch.send(async () => 7), 7);
    await assert.rejects(
      batch.send(async () => {
        throw new TypeError("broken");
      }),
      /broken/,
    );
    assert.equal(await batch.send(async () => 8), 8);
  });
});
