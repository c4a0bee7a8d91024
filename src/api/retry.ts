/**
 * Repeats what may be repeated. It is our own because none of the known libraries reads Retry-After,
 * and because what may be repeated is a rule of this contract, not of HTTP.
 */
import type { ReleaseError } from "../errors.ts";

export interface RetryPolicy {
  /** The first try counts. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly delayFactor: number;
  readonly maxDelayMs: number;
  /** From the first try on; no wait begins that would end later, whatever the server asks for. */
  readonly totalMs: number;
}

/** Rides out the restart of a control plane or a load balancer, and gives up while a person still watches. */
export const defaultRetryPolicy: RetryPolicy = {
  attempts: 6,
  firstDelayMs: 200,
  delayFactor: 3,
  maxDelayMs: 10_000,
  totalMs: 60_000,
};

export interface RetryDeps {
  readonly clock: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly mayRepeat: (error: ReleaseError) => boolean;
  /** Ends the waiting; the operation has to watch it itself. */
  readonly signal: AbortSignal | undefined;
}

/** The operation must throw ReleaseErrors. Throws the last one when it gives up. */
export async function retry<T>(
  operation: () => Promise<T>,
  options: RetryOptions,
  deps: RetryDeps,
): Promise<T> {
  const { policy, mayRepeat, signal } = options;
  const endMs = deps.clock() + policy.totalMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation();
    } catch (thrown) {
      const error = thrown as ReleaseError;
      if (attempt >= policy.attempts || signal?.aborted === true || !mayRepeat(error)) throw error;
      const waitMs = retryAfterMs(error, deps.clock()) ?? backoffMs(policy, attempt, deps.random());
      if (deps.clock() + waitMs > endMs) throw error;
      try {
        await deps.wait(waitMs, signal);
      } catch {
        throw error;
      }
    }
  }
}

/** Half fixed, half random: clients that failed together do not come back together, yet each backs off. */
function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  const fullMs = Math.min(policy.firstDelayMs * policy.delayFactor ** (attempt - 1), policy.maxDelayMs);
  return fullMs / 2 + (fullMs / 2) * random;
}

/** Retry-After of the answer that caused the error: seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(error: ReleaseError, nowMs: number): number | undefined {
  const { cause } = error;
  // A ConnectError, whose library is not loaded for asking.
  if (!(cause instanceof Error && "metadata" in cause && cause.metadata instanceof Headers)) return undefined;
  const text = cause.metadata.get("retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
