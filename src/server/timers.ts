/** Timers as a parameter, so that tests let a week pass in milliseconds. */
export interface Timers {
  /** Calls back once after that long, unless the returned function is called before. */
  set(callback: () => void, afterMs: number): () => void;
}

/** The process's own. They do not keep it alive: what waits on them ends with the server that started them. */
export const processTimers: Timers = {
  set(callback, afterMs) {
    const timer = setTimeout(callback, afterMs).unref();
    return () => clearTimeout(timer);
  },
};
