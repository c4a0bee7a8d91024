import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Slots } from "../../src/runner/slots.ts";
import { HeldTime } from "../support/held-time.ts";

describe("Slots", () => {
  it("never lets more run than the limits say, and lets everybody run", async () => {
    const wanted = fc.array(fc.record({ owner: fc.nat(2), steps: fc.nat(5) }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        wanted,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (tasks, total, perOwner) => {
          const slots = new Slots({ total, perOwner }, new HeldTime());
          const owners = [{}, {}, {}] as const;
          const running = [0, 0, 0];
          await Promise.all(
            tasks.map(async ({ owner, steps }) => {
              using slot = await slots.take(owners[owner] ?? owners[0], 1_000);
              assert.ok(slot);
              running[owner] = (running[owner] ?? 0) + 1;
              assert.ok((running[owner] ?? 0) <= perOwner);
              assert.ok(running.reduce((sum, count) => sum + count) <= total);
              for (let step = 0; step < steps; step++) await Promise.resolve();
              running[owner] = (running[owner] ?? 0) - 1;
            }),
          );
        },
      ),
    );
  });

  it("gives up after a while, and lets others pass one whose owner has no room", async () => {
    const time = new HeldTime();
    const slots = new Slots({ total: 2, perOwner: 1 }, time);
    const [first, second] = [{}, {}];
    const held = await slots.take(first, 500);
    const late = slots.take(first, 500);
    assert.ok(await slots.take(second, 500));
    await time.pass(500);
    assert.equal(await late, undefined);
    const next = slots.take(first, 500);
    held?.[Symbol.dispose]();
    assert.ok(await next);
  });
});
