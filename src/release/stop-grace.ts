/**
 * A run that is told to stop still has to learn what its last call did, and to give back what it changed. These
 * times bound that. On cancel GitHub's runner sends SIGINT and kills 10 s later; the action writes its report 5 s
 * after the signal, whatever is still under way then.
 */
import { ReleaseError, SystemError } from "../errors.ts";

/** Ends early, without rejecting, when the signal is aborted. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Signals that fire some time after a run was told to stop. Dispose it when nothing waits for them any more. */
export interface StopGrace extends Disposable {
  /** For the answer of the call that was under way; afterwards the cluster itself is asked. */
  readonly lastAnswer: AbortSignal;
  readonly readBack: AbortSignal;
  /** For everything: what is not given back by then is listed. */
  readonly rollback: AbortSignal;
}

const lastAnswerMs = 1_000;
const readBackMs = 2_000;
const cancelledMs = 4_500;
/** For a run whose own time limit is over: nobody is about to kill it. */
const timedOutMs = 60_000;

export function createStopGrace(stop: AbortSignal, sleep: Sleep): StopGrace {
  const disposed = new AbortController();
  const afterStop = (graceMs: (reason: unknown) => number): AbortSignal => {
    const late = new AbortController();
    const arm = async (): Promise<void> => {
      await sleep(graceMs(stop.reason), disposed.signal);
      if (!disposed.signal.aborted) late.abort(stop.reason);
    };
    if (stop.aborted) void arm();
    else stop.addEventListener("abort", () => void arm(), { once: true, signal: disposed.signal });
    return late.signal;
  };
  return {
    lastAnswer: afterStop(() => lastAnswerMs),
    readBack: afterStop(() => readBackMs),
    rollback: afterStop((reason) => (isCancel(reason) ? cancelledMs : timedOutMs)),
    [Symbol.dispose]: () => disposed.abort(),
  };
}

function isCancel(reason: unknown): boolean {
  return reason instanceof ReleaseError && reason.code === "interrupted";
}

/** A signal that fires after that long. Dispose it when nothing waits for it any more. */
export function after(limitMs: number, sleep: Sleep): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController();
  const disposed = new AbortController();
  void sleep(limitMs, disposed.signal).then(() => {
    if (!disposed.signal.aborted)
      late.abort(new SystemError("api-timeout", `No answer in ${limitMs / 1000} s`));
  });
  return { signal: late.signal, [Symbol.dispose]: () => disposed.abort() };
}
