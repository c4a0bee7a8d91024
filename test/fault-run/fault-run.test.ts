import { randomInt } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { faults } from "./faults.ts";
import { runFaults } from "./run.ts";

test("clients and three control planes outlive each kind of fault once", async (t) => {
  await using folder = await createScratchFolder();
  const seed = randomInt(2 ** 31);
  // Also for a run that does not get as far as its figures.
  t.diagnostic(`seed ${seed}`);
  await runFaults({
    seed,
    pace: { hold: [500, 1_500], quiet: [100, 300], pairs: 0 },
    durations: [
      { percent: 92, leastMs: 0, mostMs: 20 },
      { percent: 8, leastMs: 100, mostMs: 1_000 },
    ],
    isOver: (struck) => struck === Object.keys(faults).length,
    log: join(folder.path, "log"),
    say: (line) => t.diagnostic(line),
  });
});
