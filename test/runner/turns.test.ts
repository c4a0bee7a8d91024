import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Turns } from "../../src/runner/turns.ts";

describe("Turns", () => {
  it("never lets one that is alone meet another, and lets everybody in", async () => {
    const turn = fc.record({ alone: fc.boolean(), steps: fc.nat(4), before: fc.nat(4) });
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 20 }), async (wanted) => {
        const turns = new Turns();
        const inside = { together: 0, alone: 0 };
        const step = async (steps: number) => {
          for (let done = 0; done < steps; done++) await Promise.resolve();
        };
        await Promise.all(
          wanted.map(async ({ alone, steps, before }) => {
            await step(before);
            using _turn = await turns.take(alone);
            inside[alone ? "alone" : "together"]++;
            assert.ok(inside.alone === 0 || (inside.alone === 1 && inside.together === 0));
            await step(steps);
            inside[alone ? "alone" : "together"]--;
          }),
        );
        assert.ok(turns.open);
      }),
    );
  });

  it("does not let others overtake one that waits to be alone", async () => {
    const turns = new Turns();
    const order: string[] = [];
    const first = await turns.take(false);
    const alone = turns.take(true).then((turn) => {
      order.push("alone");
      turn[Symbol.dispose]();
    });
    const later = turns.take(false).then(() => order.push("later"));
    assert.equal(turns.open, false);
    first[Symbol.dispose]();
    await Promise.all([alone, later]);
    assert.deepEqual(order, ["alone", "later"]);
  });
});
