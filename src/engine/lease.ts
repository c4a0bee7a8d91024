/** How long a runner may keep a task without a sign of life. All times in milliseconds. */

export interface Lease {
  readonly leaseMs: number;
  /** When the runner should ask for more: early enough for a lost request to be sent again. */
  readonly waitMs: number;
}

/** What the public service grants with a task. [recording] */
export const firstLeaseMs = 15_000;
/** SDKs ask for twice the last lease; without a bound a runner that dies would hold its task for hours. */
const longestLeaseMs = 5 * 60_000;
/** Extensions are due this long before the end. [recording: wait = lease - 5 s] */
const marginMs = 5_000;

export function firstLease(): Lease {
  return lease(firstLeaseMs);
}

/**
 * Grants what is asked within bounds. Python cuts its wish to whole seconds, and a runner that asks for
 * nothing still has the task, so nothing below the first lease is granted.
 */
export function extendedLease(askedMs: number): Lease {
  return lease(Math.min(Math.max(askedMs, firstLeaseMs), longestLeaseMs));
}

function lease(leaseMs: number): Lease {
  return { leaseMs, waitMs: leaseMs - marginMs };
}
