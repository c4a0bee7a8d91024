/** Whether claiming and completing depend on how much waits, or on how much has been done: straight on the store. */
import { randomBytes } from "node:crypto";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { anyTask, computed, newJob, task } from "../store/job-samples.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { median } from "./side-by-side.ts";

const runners = 16;
const measuredTasks = 4_000;
const rounds = 9;
const large = 1_000_000;

async function openQueue(queued: number) {
  const folder = await createScratchFolder();
  const store = await openSqliteStore({
    dataFolder: folder.path,
    clock: Date.now,
    random: randomBytes,
    role: "server",
  });
  const { jobs } = store;
  const add = async (tasks: number) => {
    for (let left = tasks; left > 0; left -= 10_000) {
      const members = Array.from({ length: Math.min(left, 10_000) }, () => task("Task"));
      await jobs.submitJob(newJob([{ dependsOn: [], tasks: members }]));
    }
  };
  await add(queued);
  return {
    add,
    /** Completes and claims so many tasks; returns how long that took. */
    async work(tasks: number): Promise<number> {
      let left = tasks;
      const startedAt = performance.now();
      await Promise.all(
        Array.from({ length: runners }, async () => {
          let { task } = await jobs.nextTask({ computed: undefined, offer: anyTask });
          while (task !== undefined && left > 0) {
            left--;
            ({ task } = await jobs.nextTask({ computed: computed(task.id), offer: anyTask }));
          }
        }),
      );
      return performance.now() - startedAt;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** How many times as long it takes with a million tasks queued, and with a million done, as with a thousand queued. */
export async function measureQueueDepth(): Promise<{ readonly queued: number; readonly done: number }> {
  await using shallow = await openQueue(1_000);
  await using deep = await openQueue(large);
  await using old = await openQueue(large);
  await old.work(large);
  const ratios = { queued: [] as number[], done: [] as number[] };
  for (let round = -1; round < rounds; round++) {
    // What is worked off is added again, so that each round meets the same depth.
    await shallow.add(measuredTasks);
    const base = await shallow.work(measuredTasks);
    await deep.add(measuredTasks);
    const withDepth = await deep.work(measuredTasks);
    await old.add(measuredTasks + 1_000);
    const withHistory = await old.work(measuredTasks);
    if (round < 0) continue;
    ratios.queued.push(withDepth / base);
    ratios.done.push(withHistory / base);
  }
  return { queued: median(ratios.queued), done: median(ratios.done) };
}
