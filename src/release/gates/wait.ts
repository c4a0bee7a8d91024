/** Looks at something until it is as wanted, and says meanwhile what is waited for and how long it may take. */
import { duration } from "../../duration-text.ts";
import { errorTable } from "../../error-table.ts";
import { ReleaseError } from "../../errors.ts";
import type { GateContext, GateReason } from "./gate.ts";
import { GateFailed } from "./gate-failed.ts";

/** What one look has seen. It throws GateFailed for what no waiting mends. */
export type Look<T> =
  | { readonly kind: "done"; readonly value: T }
  | {
      readonly kind: "waiting";
      /** The rest of "waiting for". */
      readonly for: string;
      /** Why the gate fails when there is no time left. */
      readonly reason: GateReason;
      readonly next?: string;
      /** Where something else than the wait's own end is waited for. */
      readonly leftMs?: number;
    };

export interface Wait<T> {
  /** Begins each line. */
  readonly title: string;
  /** By the world's clock. */
  readonly untilMs: number;
  /** Between two looks, when nothing has come for a while; two seconds unless it says otherwise. */
  readonly longestPauseMs?: number;
  look(): Promise<Look<T>>;
}

type WaitContext = Pick<GateContext, "world" | "log" | "signal">;

const firstPauseMs = 100;
const usualPauseMs = 2_000;
/** What has changed is said at once, but not a job's every task. */
const saidAtMostEveryMs = 1_000;
const saidAtLeastEveryMs = 15_000;

/**
 * @throws GateFailed when the time is over, with what was waited for last, or from a look
 * @throws the signal's reason
 */
export async function waitUntil<T>(wait: Wait<T>, context: WaitContext): Promise<T> {
  const { title, untilMs, longestPauseMs = usualPauseMs, look } = wait;
  const { world, signal } = context;
  const say = createSayer(title, context);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const seen = await lookOnce(look, signal);
    if (seen.kind === "done") return seen.value;
    const leftMs = untilMs - world.clock();
    if (leftMs <= 0) {
      throw new GateFailed(seen.reason, `there was no time left to wait for ${seen.for}`, {
        ...(seen.next === undefined ? {} : { next: seen.next }),
      });
    }
    say(seen.for, seen.leftMs ?? leftMs);
    await world.sleep(Math.min(pauseMs, Math.max(1, seen.leftMs ?? leftMs)), signal);
  }
}

/** A control plane that does not answer may be back in a moment; one that refuses does not change its mind. */
async function lookOnce<T>(look: () => Promise<Look<T>>, signal: AbortSignal): Promise<Look<T>> {
  signal.throwIfAborted();
  try {
    return await look();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ReleaseError)) throw error;
    if (errorTable[error.code].kind === "user") throw refused(error);
    return {
      kind: "waiting",
      for: `an answer of the control plane (${error.message})`,
      reason: "control-plane-failed",
    };
  }
}

export function refused(error: ReleaseError): GateFailed {
  return new GateFailed("control-plane-failed", error.message, {
    cause: error,
    problems: error.problems,
    next: error.next,
  });
}

function createSayer(title: string, { world, log }: WaitContext) {
  let said = "";
  let saidAtMs = Number.NEGATIVE_INFINITY;
  return (what: string, leftMs: number): void => {
    const sinceMs = world.clock() - saidAtMs;
    if (sinceMs < (what === said ? saidAtLeastEveryMs : saidAtMostEveryMs)) return;
    said = what;
    saidAtMs = world.clock();
    log.info(`  ${title}: waiting for ${what}, ${duration(leftMs)} left`);
  };
}
