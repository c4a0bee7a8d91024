/**
 * Random sequences of everything that can happen to jobs, and to what is deployed where they run, on SQLite
 * and on a naive model side by side.
 * `SEQUENCES=100000 SEED=1 node --test test/store/sqlite/job-model.test.ts` soaks; the seed is printed.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { JobModel } from "../../engine/job-model.ts";
import { createMemoryFolder } from "../../support/memory-folder.ts";
import { jobCommands, type LifeModel, type LifeUnderTest } from "../job-commands.ts";
import { JobsUnderTest } from "../jobs-under-test.ts";
import { firstActions, releaseCommands, tasksOfRelease } from "../release-commands.ts";
import { ReleaseModel } from "../release-model.ts";
import { ReleasesUnderTest } from "../releases-under-test.ts";

const sequences = Number(process.env.SEQUENCES ?? 1000);
/** From none to twice as many, sixty on average. */
const mostCommands = 120;

test(`${sequences} random sequences of 60 commands end as the model says`, async (context) => {
  // What a power cut does is tested elsewhere; waiting for a disk sixty thousand times shows nothing here.
  await using folder = await createMemoryFolder();
  let nowMs = Date.UTC(2026, 0, 1);
  const open = () =>
    openSqliteStore({ dataFolder: folder.path, clock: () => nowMs, random: randomBytes, role: "server" });
  // One store for all sequences: each has clusters of its own, and so meets the history of the others.
  let store = await open();
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
          store = await open();
          return store;
        },
      });
      const real = {
        jobs,
        releases: new ReleasesUnderTest({ store: () => jobs.store, slugOf, tasksOf: tasksOfRelease }),
      };
      const model = { jobs: new JobModel(nowMs), releases: new ReleaseModel() };
      for (const action of firstActions) {
        assert.equal(await real.releases.apply(action), model.releases.apply(action));
      }
      await fc.asyncModelRun(() => ({ model, real }), commands);
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
