/**
 * A run that is told to stop still has to learn what its last call did, and to put back what it changed.
 * These times bound that. On cancel GitHub's runner sends SIGINT and kills 10 s later; the action writes its
 * report 5 s after the signal, whatever is still under way then.
 */
import { ReleaseError, SystemError } from "../errors.ts";

/** From the stop to the end of everything that a roll-out still does: reading back and putting back. */
const cancelledMs = 4_500;
/** The same for a run whose own time limit is over: nobody is about to kill it. */
const timedOutMs = 60_000;
/** For the answer of the call that was under way; afterwards the cluster itself is asked. */
const lastAnswerMs = 1_000;

/** Ends early, without rejecting, when the signal is aborted. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** An AbortSignal that fires some time after a run was told to stop. Dispose it when it is no longer waited for. */
export interface LateSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Fires after that long. */
export function after(limitMs: number, sleep: Sleep): LateSignal {
  const late = new AbortController();
  const disposed = new AbortController();
  void sleep(limitMs, disposed.signal).then(() => {
    if (!disposed.signal.aborted)
      late.abort(new SystemError("api-timeout", `No answer in ${limitMs / 1000} s`));
  });
  return { signal: late.signal, [Symbol.dispose]: () => disposed.abort() };
}

/** For one call that is under way when the run is told to stop. */
export function afterLastAnswer(stop: AbortSignal, sleep: Sleep): LateSignal {
  return afterStop(stop, () => lastAnswerMs, sleep);
}

/** For all that a run does after it was told to stop. */
export function afterStopGrace(stop: AbortSignal, sleep: Sleep): LateSignal {
  return afterStop(stop, (reason) => (isCancel(reason) ? cancelledMs : timedOutMs), sleep);
}

function isCancel(reason: unknown): boolean {
  return reason instanceof ReleaseError && reason.code === "interrupted";
}

function afterStop(stop: AbortSignal, graceMs: (reason: unknown) => number, sleep: Sleep): LateSignal {
  const late = new AbortController();
  const disposed = new AbortController();
  const arm = async (): Promise<void> => {
    await sleep(graceMs(stop.reason), disposed.signal);
    if (!disposed.signal.aborted) late.abort(stop.reason);
  };
  if (stop.aborted) void arm();
  else stop.addEventListener("abort", () => void arm(), { once: true, signal: disposed.signal });
  return { signal: late.signal, [Symbol.dispose]: () => disposed.abort() };
}
