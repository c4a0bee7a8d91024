import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { GateWorld } from "./gate.ts";

/** Beside the limits, which the inputs need before the first line of the log: crypto takes 5 ms to load. */
export const systemGateWorld: GateWorld = {
  clock: Date.now,
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal }).catch(() => {});
  },
  random: (sizeBytes) => randomBytes(sizeBytes),
};
