import type { Clock } from "../engine/id.ts";
import { firstLeaseMs } from "../engine/lease.ts";
import type { JobStore } from "../store/job-port.ts";
import type { Timers } from "./timers.ts";

/** Takes tasks back when their leases end, by one timer for the earliest end instead of looking again and again. */
export interface LeaseWatch {
  /** Tell it when a task was handed out: it may not have been waiting for anything. */
  leaseGranted(): void;
  close(): void;
}

interface LeaseWatchDeps {
  readonly jobs: Pick<JobStore, "endLeases">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onExpired: (count: number) => void;
  /** Told when the store failed; it is tried again. */
  readonly report: (error: unknown) => void;
}

const retryMs = 1_000;
/** A lease that ends within this is waited for with the one before it, so that a burst is one transaction. */
const gatherMs = 50;
/** Longer waits end early and start anew: a clock that is set forward must not hold up a task for ever. */
const longestWaitMs = 60_000;

/** Starts at once: leases may have ended while there was no server. */
export function createLeaseWatch({ jobs, clock, timers, onExpired, report }: LeaseWatchDeps): LeaseWatch {
  let timer: { readonly dueAtMs: number; readonly cancel: () => void } | undefined;
  let closed = false;

  /** Of two times to look at, the earlier one counts. */
  function wait(ms: number): void {
    const waitMs = Math.min(Math.max(ms, 0), longestWaitMs);
    const dueAtMs = clock() + waitMs;
    if (closed || (timer !== undefined && timer.dueAtMs <= dueAtMs)) return;
    timer?.cancel();
    timer = { dueAtMs, cancel: timers.set(look, waitMs) };
  }

  function look(): void {
    timer = undefined;
    jobs.endLeases().then(
      ({ ended, nextEndMs }) => {
        onExpired(ended);
        if (nextEndMs !== undefined) wait(nextEndMs - clock() + gatherMs);
      },
      (error: unknown) => {
        if (closed) return;
        report(error);
        wait(retryMs);
      },
    );
  }

  look();
  return {
    leaseGranted() {
      // Every lease lasts at least this long, and extensions only move ends further away.
      if (timer === undefined) wait(firstLeaseMs + gatherMs);
    },
    close() {
      closed = true;
      timer?.cancel();
    },
  };
}
