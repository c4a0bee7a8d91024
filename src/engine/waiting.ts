/**
 * How a runner waits for work. An SDK runner that finds none hears "idling, sleep so long", sleeps and asks
 * again. Two things must hold. `run_all` ends at its first idle answer, so that answer must come at once and
 * must mean that nothing can be claimed now. `run_forever` should start a task within milliseconds of its
 * getting ready, which sleeping and asking alone gives only at hundreds of requests a second.
 *
 * Nothing in a request tells the two apart, but their rhythm does: after an idle answer only `run_forever`
 * comes back when it was told to, neither sooner nor later. A runner that did so is kept waiting for its
 * next answer, a little longer each time; one that did so often is trusted to wait and is held at once from
 * then on, until it falls out of its rhythm. A program that calls run_all in a loop, and pauses just as long
 * as it was told to sleep, looks the same: it loses a second a round at most.
 */

/** What is known of one runner; undefined of a new one. */
export interface RunnerRhythm {
  /** How often in a row it came back in time. */
  readonly returns: number;
  /** The idle answer it may be sleeping on. */
  readonly idleAnswer: { readonly atMs: number; readonly sleepMs: number } | undefined;
}

const newcomer: RunnerRhythm = { returns: 0, idleAnswer: undefined };

/** Long enough to be told from a program that asks again at once. */
const sleepMs = 20;
/** A trusted runner need not show its rhythm any more; SDKs take 1 ms as the least. */
const trustedSleepMs = 1;
/** How much later than told a sleeper may come: it may be busy, far away or on a slow machine. */
const latenessMs = 60;
/** Timers may fire a little early. */
const earlinessMs = 1;
const returnsOfTrust = 4;
const firstHoldMs = 50;
/** What a mistaken trust costs, and how long a runner that is being stopped may hang in a request. */
const longestHoldMs = 1_000;

/** A runner asks for a task and reports nothing: for how long its request may be held; 0 is not at all. */
export function asksForTask(
  known: RunnerRhythm | undefined,
  nowMs: number,
): { readonly rhythm: RunnerRhythm; readonly holdMs: number } {
  const { returns: before, idleAnswer } = known ?? newcomer;
  const returns = idleAnswer === undefined ? before : isInTime(idleAnswer, nowMs) ? before + 1 : 0;
  return { rhythm: { returns, idleAnswer: undefined }, holdMs: holdMs(returns, idleAnswer !== undefined) };
}

/** Between tasks only a trusted runner is held: another one's request may be the last of run_all. */
function holdMs(returns: number, slept: boolean): number {
  if (returns >= returnsOfTrust) return longestHoldMs;
  return returns === 0 || !slept ? 0 : firstHoldMs * 2 ** (returns - 1);
}

function isInTime(
  { atMs, sleepMs }: { readonly atMs: number; readonly sleepMs: number },
  nowMs: number,
): boolean {
  const awayMs = nowMs - atMs;
  return awayMs >= sleepMs - earlinessMs && awayMs <= sleepMs + latenessMs;
}

/** It gets an idle answer, in which it is told how long to sleep. */
export function getsIdleAnswer(
  { returns }: RunnerRhythm,
  nowMs: number,
): { readonly rhythm: RunnerRhythm; readonly sleepMs: number } {
  const told = returns >= returnsOfTrust ? trustedSleepMs : sleepMs;
  return { rhythm: { returns, idleAnswer: { atMs: nowMs, sleepMs: told } }, sleepMs: told };
}

/** It gets a task, or reports one: it is no longer asleep. */
export function works(known: RunnerRhythm | undefined): RunnerRhythm {
  return { returns: known?.returns ?? 0, idleAnswer: undefined };
}
