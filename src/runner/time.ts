/** The passing of time, so that a test can hold it. */
export interface Time {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Calls once that much later; the function returned prevents it. */
  after(ms: number, call: () => void): () => void;
}

export const systemTime: Time = {
  nowMs: Date.now,
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after that long, or at once when the signal fires: the caller looks at the signal. */
export function sleep(time: Time, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      cancel();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = time.after(ms, wake);
    signal.addEventListener("abort", wake, { once: true });
  });
}
