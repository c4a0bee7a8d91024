/**
 * How a runner waits for work. An SDK runner asks, hears "idling, ask again in so long", sleeps and asks
 * again. Two things must hold. `run_all` ends at its first idle answer, so that answer must come at once
 * and must mean that nothing can be claimed. `run_forever` should start a task within milliseconds, which
 * sleeping and asking alone gives only at hundreds of requests a second.
 *
 * So the first request is answered at once, and only a runner that comes back when it was told to, which
 * `run_all` never does, is kept waiting: a request is held until work is there, each time longer. What
 * looks the same, a program that calls run_all in a loop without a pause, is held for a second at most.
 */

/** How long the runner should sleep after the first idle answer. */
const firstSleepMs = 20;
/** After a request was held the runner should come back at once: SDKs take 1 ms as the least. */
const nextSleepMs = 1;
/** A runner that comes back later than this after its sleep was doing something else. */
const returnMarginMs = 250;
const firstHoldMs = 50;
/** Bounds what a run_all in a loop loses, and how long a stopping server or runner can be kept. */
const longestHoldMs = 1_000;

/** What is remembered of one runner's last idle answer. */
export interface IdleRunner {
  /** Idle answers in a row, each followed in time by the next request. */
  readonly streak: number;
  readonly answeredAtMs: number;
}

/** How long a request may be held; 0 is an idle answer at once. */
export function holdMs(last: IdleRunner | undefined, nowMs: number): number {
  const streak = currentStreak(last, nowMs);
  return streak === 0 ? 0 : Math.min(firstHoldMs * 2 ** (streak - 1), longestHoldMs);
}

/** What to remember once the request is answered with "idling". */
export function afterIdling(last: IdleRunner | undefined, askedAtMs: number, nowMs: number): IdleRunner {
  return { streak: currentStreak(last, askedAtMs) + 1, answeredAtMs: nowMs };
}

/** What the idle answer suggests. */
export function sleepMs(answered: IdleRunner): number {
  return answered.streak <= 1 ? firstSleepMs : nextSleepMs;
}

function currentStreak(last: IdleRunner | undefined, nowMs: number): number {
  if (last === undefined) return 0;
  return nowMs - last.answeredAtMs <= sleepMs(last) + returnMarginMs ? last.streak : 0;
}
