/**
 * How a runner waits for work. An SDK runner that finds none hears "idling, sleep so long", sleeps and asks
 * again. Two things must hold. `run_all` ends at its first idle answer, so that answer must come at once and
 * must mean that nothing can be claimed now. `run_forever` should start a task within milliseconds of its
 * getting ready, which sleeping and asking alone gives only at hundreds of requests a second.
 *
 * Nothing in a request tells the two apart, but `run_forever` sleeps exactly as long as it is told, and
 * nothing else does: a program that calls run_all again and again comes back in a time of its own. So idle
 * answers alternate between a short and a longer sleep. A runner that follows both, twice, each time late by
 * about the same (the way to it and back), is trusted to wait, and its requests are held until there is work.
 */

/** What is known of one runner; undefined of a new one. */
export interface RunnerRhythm {
  /** How often in a row it slept as it was told. */
  readonly returns: number;
  /** The least and the most that it came back late in these. */
  readonly lateMs: readonly [least: number, most: number];
  /** The idle answer it may be sleeping on. */
  readonly idleAnswer: { readonly atMs: number; readonly sleepMs: number } | undefined;
}

const newcomer: RunnerRhythm = { returns: 0, lateMs: [0, 0], idleAnswer: undefined };

/** No sleep is longer than a task may wait; the two differ by more than a runner's lateness varies. */
const sleepsMs = [10, 50] as const;
const returnsOfTrust = 4;
/** A trusted runner shows its rhythm no more; SDKs take 1 ms as the least. */
const trustedSleepMs = 1;
/** Timers may fire a little early. */
const earlinessMs = 1;
/** No network and no machine that runs tasks is slower. */
const latestMs = 250;
/** How much lateness may vary: while trust is earned, and until it is lost. */
const variationMs = 15;
const trustedVariationMs = 100;
/** How long a runner that is being stopped may hang in a request, and what a mistake would cost. */
const heldMs = 1_000;

/** A runner asks for a task and reports nothing: for how long its request may be held; 0 is not at all. */
export function asksForTask(
  known: RunnerRhythm | undefined,
  nowMs: number,
): { readonly rhythm: RunnerRhythm; readonly holdMs: number } {
  const rhythm = comesBack(known ?? newcomer, nowMs);
  return { rhythm, holdMs: isTrusted(rhythm) ? heldMs : 0 };
}

function comesBack(known: RunnerRhythm, nowMs: number): RunnerRhythm {
  const { returns, lateMs, idleAnswer } = known;
  if (idleAnswer === undefined) return known;
  const late = nowMs - idleAnswer.atMs - idleAnswer.sleepMs;
  const [least, most] = returns === 0 ? [late, late] : [Math.min(lateMs[0], late), Math.max(lateMs[1], late)];
  const variation = isTrusted(known) ? trustedVariationMs : variationMs;
  if (late < -earlinessMs || late > latestMs || most - least > variation) return newcomer;
  return { returns: returns + 1, lateMs: [least, most], idleAnswer: undefined };
}

function isTrusted({ returns }: RunnerRhythm): boolean {
  return returns >= returnsOfTrust;
}

/** It gets an idle answer, in which it is told how long to sleep. */
export function getsIdleAnswer(
  rhythm: RunnerRhythm,
  nowMs: number,
): { readonly rhythm: RunnerRhythm; readonly sleepMs: number } {
  const sleepMs = isTrusted(rhythm) ? trustedSleepMs : sleepsMs[rhythm.returns % 2 === 0 ? 0 : 1];
  return { rhythm: { ...rhythm, idleAnswer: { atMs: nowMs, sleepMs } }, sleepMs };
}

/** It gets a task, or reports one: it is no longer asleep, and as trusted as it was. */
export function works(known: RunnerRhythm | undefined): RunnerRhythm {
  return { ...(known ?? newcomer), idleAnswer: undefined };
}
