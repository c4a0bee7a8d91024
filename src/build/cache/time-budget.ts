/** The time that one run may spend on the cache, all its projects together. */
export interface TimeBudget {
  /**
   * Runs work within what is left. Work that does not end in time is left behind: its signal is aborted, and whatever
   * it says later is not heard.
   */
  spend<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | "time-spent" | "timed-out">;
}

/** Time in which several projects wait at once counts once. */
export function createTimeBudget(limitMs: number, now: () => number): TimeBudget {
  let spentMs = 0;
  let waiting = 0;
  let sinceMs = 0;
  const leftMs = () => limitMs - spentMs - (waiting > 0 ? now() - sinceMs : 0);
  return {
    async spend(work) {
      const left = leftMs();
      if (left <= 0) return "time-spent";
      if (waiting++ === 0) sinceMs = now();
      const over = new AbortController();
      const deadline = Promise.withResolvers<"timed-out">();
      const timer = setTimeout(() => {
        deadline.resolve("timed-out");
        over.abort();
      }, left);
      const working = work(over.signal);
      // After the deadline nobody waits for it any more.
      working.catch(() => {});
      try {
        return await Promise.race([working, deadline.promise]);
      } finally {
        clearTimeout(timer);
        if (--waiting === 0) spentMs += now() - sinceMs;
      }
    },
  };
}
