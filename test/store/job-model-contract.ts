/**
 * Random sequences of everything that can happen to jobs, and to what is deployed where they run, on a store
 * and on a naive model side by side. The seed is printed; SEQUENCES=100000 SEED=1 soaks.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Clock } from "../../src/engine/id.ts";
import type { Store } from "../../src/store/port.ts";
import { JobModel } from "../engine/job-model.ts";
import { jobCommands, type LifeModel, type LifeUnderTest } from "./job-commands.ts";
import { JobsUnderTest } from "./jobs-under-test.ts";
import { firstActions, releaseCommands, tasksOfRelease } from "./release-commands.ts";
import { ReleaseModel } from "./release-model.ts";
import { ReleasesUnderTest } from "./releases-under-test.ts";

/** From none to twice as many, sixty on average. */
const mostCommands = 120;

/** A place to open a store in again and again. */
export interface StorePlace extends AsyncDisposable {
  open(): Promise<Store>;
}

export function jobModelContract(
  openPlace: (clock: Clock) => Promise<StorePlace>,
  usualSequences: number,
): void {
  const sequences = Number(process.env.SEQUENCES ?? usualSequences);
  test(`${sequences} random sequences of 60 commands end as the model says`, async (context) => {
    let nowMs = Date.UTC(2026, 0, 1);
    await using place = await openPlace(() => nowMs);
    // One store for all sequences: each has clusters of its own, and so meets the history of the others.
    let store = await place.open();
    let round = 0;
    const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
    context.diagnostic(`seed ${seed}`);
    const property = fc.asyncProperty(
      fc.commands<LifeModel, LifeUnderTest, boolean>([...jobCommands, ...releaseCommands], {
        maxCommands: mostCommands,
        size: "max",
      }),
      async (commands) => {
        const suffix = round++;
        const slugOf = (name: string) => `${name}-${suffix}`;
        const jobs = new JobsUnderTest({
          store,
          slugOf,
          advance: (ms) => {
            nowMs += ms;
          },
          reopen: async () => {
            await store.close();
            store = await place.open();
            return store;
          },
        });
        const releases = new ReleasesUnderTest({ store: () => jobs.store, slugOf, tasksOf: tasksOfRelease });
        const model = { jobs: new JobModel(nowMs), releases: new ReleaseModel() };
        for (const action of firstActions) {
          assert.equal(await releases.apply(action), model.releases.apply(action));
        }
        await fc.asyncModelRun(() => ({ model, real: { jobs, releases } }), commands);
        await jobs.compareAll(model.jobs);
      },
    );
    try {
      const details = await fc.check(property, { numRuns: sequences, seed, endOnFailure: false });
      assert.ok(!details.failed, fc.defaultReportMessage(details));
    } finally {
      await store.close();
    }
  });
}
