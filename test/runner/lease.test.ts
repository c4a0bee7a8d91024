import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { type TaskLease, TaskLeaseSchema, TaskSchema } from "../../src/api/gen/workflows/v1/core_pb.ts";
import { extendedLease, firstLease, type Lease } from "../../src/engine/lease.ts";
import { keepLease, toMs } from "../../src/runner/lease.ts";
import { HeldTime } from "../support/held-time.ts";

const wire = ({ leaseMs, waitMs }: Lease): TaskLease =>
  create(TaskLeaseSchema, {
    lease: { seconds: BigInt(Math.floor(leaseMs / 1_000)), nanos: (leaseMs % 1_000) * 1e6 },
    recommendedWaitUntilNextExtension: { seconds: BigInt(waitMs / 1_000) },
  });
const first = () => create(TaskSchema, { display: "it", lease: wire(firstLease()) });

describe("keepLease", () => {
  it("asks when it should for twice the last lease, and so keeps a task for hours with few requests", async () => {
    const time = new HeldTime();
    const asked: number[] = [];
    let endsAtMs = time.nowMs() + 15_000;
    const end = keepLease(first(), {
      time,
      extend: async (_task, wanted) => {
        assert.ok(time.nowMs() < endsAtMs, "the lease had ended");
        asked.push(toMs(wanted));
        const lease = extendedLease(toMs(wanted));
        endsAtMs = time.nowMs() + lease.leaseMs;
        return wire(lease);
      },
      onLost: () => assert.fail("not lost"),
    });
    await time.pass(6 * 60 * 60_000);
    end();
    assert.deepEqual(asked.slice(0, 6), [30_000, 60_000, 120_000, 240_000, 480_000, 600_000]);
    assert.ok(asked.length < 80, `${asked.length} requests`);
    const before = asked.length;
    await time.pass(60 * 60_000);
    assert.equal(asked.length, before);
  });

  it("tries again a second after a call that failed", async () => {
    const time = new HeldTime();
    const calls: number[] = [];
    const startMs = time.nowMs();
    keepLease(first(), {
      time,
      extend: async () => {
        calls.push(time.nowMs() - startMs);
        if (calls.length < 3) throw new Error("away");
        return wire(firstLease());
      },
      onLost: () => assert.fail("not lost"),
    });
    await time.pass(13_000);
    assert.deepEqual(calls, [10_000, 11_000, 12_000]);
  });

  it("stops asking when there is no lease any more", async () => {
    const time = new HeldTime();
    let calls = 0;
    const lost: string[] = [];
    keepLease(first(), {
      time,
      extend: async () => {
        calls++;
        return create(TaskLeaseSchema);
      },
      onLost: (task) => lost.push(task.display ?? ""),
    });
    await time.pass(60_000);
    assert.deepEqual([calls, lost], [1, ["it"]]);
  });

  it("does not ask without a pause where none is recommended", async () => {
    const time = new HeldTime();
    let calls = 0;
    const hasty = create(TaskLeaseSchema, { lease: { seconds: 15n } });
    keepLease(create(TaskSchema, { lease: hasty }), {
      time,
      extend: async () => {
        calls++;
        return hasty;
      },
      onLost: () => {},
    });
    await time.pass(10_000);
    assert.equal(calls, 20);
  });
});
