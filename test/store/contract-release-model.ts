import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { OpenStore } from "./contract.ts";
import { type Action, defaultName, ReleaseModel } from "./release-model.ts";
import { ReleasesUnderTest } from "./releases-under-test.ts";

const sequences = 40;
const longestSequence = 60;

const cluster = fc.constantFrom("dev", "prod", defaultName);
const workflow = fc.constantFrom("greetings", "alerts");
const release = fc.constantFrom("1", "2", "3");
const clusters = fc.array(cluster, { maxLength: 3 });
const kind = <Kind extends string>(value: Kind) => fc.constant(value);
const action: fc.Arbitrary<Action> = fc.oneof(
  { arbitrary: fc.record({ kind: kind("create-cluster"), cluster }), weight: 2 },
  { arbitrary: fc.record({ kind: kind("delete-cluster"), cluster }), weight: 1 },
  { arbitrary: fc.record({ kind: kind("create-workflow"), workflow }), weight: 2 },
  { arbitrary: fc.record({ kind: kind("delete-workflow"), workflow }), weight: 1 },
  { arbitrary: fc.record({ kind: kind("publish"), workflow, release }), weight: 3 },
  { arbitrary: fc.record({ kind: kind("unpublish"), workflow, release }), weight: 2 },
  { arbitrary: fc.record({ kind: kind("deploy"), workflow, release, clusters }), weight: 4 },
  { arbitrary: fc.record({ kind: kind("undeploy"), workflow, release, clusters }), weight: 3 },
);

export function releaseModelContract(open: OpenStore): void {
  test("any sequence of publishing and deploying ends as a model of it does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: longestSequence, size: "max" }), async (actions) => {
        await using under = await open();
        const model = new ReleaseModel();
        const real = new ReleasesUnderTest({ store: () => under.store });
        for (const action of actions) {
          assert.equal(await real.apply(action), model.apply(action), JSON.stringify(action));
        }
        assert.deepEqual(await real.state(), model.state());
      }),
      { numRuns: sequences },
    );
  });
}
