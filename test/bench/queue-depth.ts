/** Whether claiming and completing depend on how much waits, or on how much has been done: straight on the store. */
import { randomBytes } from "node:crypto";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { median } from "./side-by-side.ts";
import { type StoreQueue, storeQueue } from "./store-queue.ts";

const runners = 16;
const measuredTasks = 4_000;
const rounds = 9;
export const depths = { shallow: 1_000, deep: 1_000_000 } as const;

async function openQueue(queued: number): Promise<StoreQueue & AsyncDisposable> {
  const folder = await createScratchFolder();
  const store = await openSqliteStore({
    dataFolder: folder.path,
    clock: Date.now,
    random: randomBytes,
    role: "server",
  });
  const queue = storeQueue(store, runners);
  await queue.add(queued);
  return {
    ...queue,
    async [Symbol.asyncDispose]() {
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** How many times as long it takes with a million tasks queued, and with a million done, as with a thousand queued. */
export async function measureQueueDepth(): Promise<{ readonly queued: number; readonly done: number }> {
  await using shallow = await openQueue(depths.shallow);
  await using deep = await openQueue(depths.deep);
  await using old = await openQueue(depths.deep);
  await old.work(depths.deep);
  await old.add(depths.shallow);
  const [queued = Number.NaN, done = Number.NaN] = await compareDepths(shallow, [deep, old]);
  return { queued, done };
}

/** How many times as long as the first queue each of the others takes for the same number of tasks: medians. */
export async function compareDepths(
  base: StoreQueue,
  others: readonly StoreQueue[],
): Promise<readonly number[]> {
  const ratios: number[][] = others.map(() => []);
  for (let round = -1; round < rounds; round++) {
    const baseMs = await takenMs(base);
    for (const [index, other] of others.entries()) {
      const ratio = (await takenMs(other)) / baseMs;
      if (round >= 0) ratios[index]?.push(ratio);
    }
  }
  return ratios.map(median);
}

/** What is worked off was added before, so that each round meets the same depth. */
async function takenMs(queue: StoreQueue): Promise<number> {
  await queue.add(measuredTasks);
  const startedAt = performance.now();
  await queue.work(measuredTasks);
  return performance.now() - startedAt;
}
