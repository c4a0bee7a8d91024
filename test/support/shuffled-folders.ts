/**
 * Loaded into a process with --import: folders are listed in another order than the system gives, as another file
 * system would. SHUFFLE_SEED chooses the order.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const seed = Number(process.env.SHUFFLE_SEED ?? 1);
const readdirSync = fs.readdirSync;

fs.readdirSync = ((...args: Parameters<typeof readdirSync>) => {
  const entries: unknown[] = readdirSync(...args);
  let state = seed;
  for (let last = entries.length - 1; last > 0; last--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const other = state % (last + 1);
    [entries[last], entries[other]] = [entries[other], entries[last]];
  }
  return entries;
}) as typeof readdirSync;
syncBuiltinESMExports();
