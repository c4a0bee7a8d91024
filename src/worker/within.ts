import { setTimeout as delay } from "node:timers/promises";

/** Waits for a promise that never rejects, but not longer than the limit; says whether it was in time. Leaves no timer. */
export async function within(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(limitMs, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([promise.then(() => true), late]);
  timer.abort();
  return inTime;
}
