import { setTimeout as waitFor } from "node:timers/promises";
import type { Random } from "../../engine/id.ts";

/** Longer than the transactions that collide take; the fourth and last wait is at most eight times this. */
const firstPauseMs = 10;

/**
 * Whoever was in each other's way does not come back at the same time: any moment within a span that doubles
 * with each attempt. All of a transaction's callers wait meanwhile, so that the spans add up to 150 ms at most.
 */
export function conflictPause(random: Random): (attempt: number) => Promise<void> {
  return async (attempt) => {
    const [byte = 0] = random(1);
    await waitFor((firstPauseMs * 2 ** (attempt - 1) * byte) / 255);
  };
}
