/**
 * `npm run fault-run -- [--minutes 5] [--seed N] [--log FILE]`: hits control planes and database for so long,
 * and harder than the test does. Ends with 0 when nothing was lost, and prints what clients had to wait for.
 */
import { randomInt } from "node:crypto";
import { devNull } from "node:os";
import { parseArgs } from "node:util";
import { runFaults } from "./run.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    /** What the control planes report is appended to it. */
    log: { type: "string", default: devNull },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error("give --minutes above 0 and a whole --seed");

// Also for a run that does not get as far as its figures.
console.log(`seed ${seed}, ${minutes} minutes`);
const endMs = Date.now() + minutes * 60_000;
await runFaults({
  seed,
  // Some last longer than a lease of 15 s.
  pace: { hold: [1_000, 20_000], quiet: [500, 3_000], pairs: 0.2 },
  durations: [
    { percent: 92, leastMs: 0, mostMs: 20 },
    { percent: 7, leastMs: 100, mostMs: 1_000 },
    // They outlive their first lease.
    { percent: 1, leastMs: 12_000, mostMs: 22_000 },
  ],
  isOver: () => Date.now() >= endMs,
  log: values.log,
  say: (line) => console.log(line),
});
console.log("nothing was lost");
