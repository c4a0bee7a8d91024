import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReportBatch } from "../../src/runner/report-batch.ts";
import { HeldTime } from "../support/held-time.ts";

/** A batch, how many tasks wait for their turn, and which reports have left, in that order. */
function stage() {
  const time = new HeldTime();
  const spare = { tasks: 0 };
  const batch = new ReportBatch(time, () => spare.tasks);
  const left: string[] = [];
  const end = async (name: string): Promise<void> => {
    void batch.ready().then(() => left.push(name));
    await time.pass(0);
  };
  return { time, spare, batch, left, end };
}

describe("ReportBatch", () => {
  it("lets a report leave at once where no task is claimed ahead, or only one", async () => {
    const { spare, left, end } = stage();
    await end("a");
    assert.deepEqual(left, ["a"]);
    spare.tasks = 1;
    await end("b");
    assert.deepEqual(left, ["a", "b"]);
  });

  it("lets them leave together, in order, when as many wait as tasks are left to run meanwhile", async () => {
    const { spare, left, end } = stage();
    spare.tasks = 4;
    await end("a");
    spare.tasks = 3;
    await end("b");
    assert.deepEqual(left, []);
    spare.tasks = 2;
    await end("c");
    assert.deepEqual(left, ["a", "b", "c"]);
  });

  it("keeps none longer than ten milliseconds after the first", async () => {
    const { time, spare, left, end } = stage();
    spare.tasks = 20;
    await end("a");
    await time.pass(6);
    await end("b");
    await time.pass(3);
    assert.deepEqual(left, []);
    await time.pass(1);
    assert.deepEqual(left, ["a", "b"]);
    await end("c");
    await time.pass(9);
    assert.deepEqual(left, ["a", "b"]);
    await time.pass(1);
    assert.deepEqual(left, ["a", "b", "c"]);
  });

  it("keeps none back when it is told so", async () => {
    const { time, spare, batch, left, end } = stage();
    spare.tasks = 20;
    await end("a");
    batch.leave();
    await time.pass(0);
    assert.deepEqual(left, ["a"]);
  });
});
