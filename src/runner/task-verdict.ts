/** What is reported of a task that its worker did not answer for. */
import { describeExit, type WorkerExit } from "../worker/worker-process.ts";

/** How a run of a task ended without an answer about it. */
export type UnansweredEnd =
  | {
      readonly kind: "died";
      readonly exit: WorkerExit;
      /** Tasks that the worker had when it died, this one included. */
      readonly together: number;
    }
  /** The worker lives, but would not take the task or answered nonsense. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "timed-out"; readonly limitMs: number }
  /** The runner itself is told to quit at once. */
  | { readonly kind: "abandoned" }
  /** There is no worker for it any more. */
  | { readonly kind: "no-worker"; readonly reason: string };

export interface RunCircumstances {
  /** It ran with no other task in the worker because the worker had died with it before. */
  readonly alone: boolean;
  /** The release or the whole runner is being stopped: no new worker is started for it. */
  readonly stopping: boolean;
}

export type Verdict =
  /** The task failed by its own fault; its retries count. */
  | { readonly kind: "fail"; readonly reason: string }
  /** Not its fault: it goes back to the queue as it was. */
  | { readonly kind: "hand-back"; readonly reason: string }
  /** In the next worker, with no other task beside it. */
  | { readonly kind: "run-alone" };

/** Signals that people and service managers send; a program that crashes does not end with them. */
const sentByOthers: ReadonlySet<string> = new Set(["SIGTERM", "SIGINT", "SIGHUP"]);

/**
 * A worker that dies with one task died of that task. With several, any of them may be to blame and the
 * others must not be: each is run again with nothing beside it, and the one that kills its worker then is
 * the one. So a task that kills its worker is run twice at most, and one that does not is never failed for
 * it. The kernel's out-of-memory killer counts as the task's doing, because it would come again.
 */
export function judge(end: UnansweredEnd, { alone, stopping }: RunCircumstances): Verdict {
  switch (end.kind) {
    case "abandoned":
      return { kind: "hand-back", reason: "the runner was stopped" };
    case "no-worker":
      return { kind: "hand-back", reason: end.reason };
    case "refused":
      // The worker may be the one that is broken, by whatever ran in it before: another one decides.
      if (alone) return { kind: "fail", reason: `The worker did not run this task: ${end.reason}` };
      return stopping ? { kind: "hand-back", reason: end.reason } : { kind: "run-alone" };
    case "timed-out":
      return { kind: "fail", reason: `Ran longer than ${seconds(end.limitMs)} and was stopped.` };
    case "died": {
      const fromOutside = end.exit.kind === "signal" && sentByOthers.has(end.exit.signal);
      if (alone || (end.together === 1 && !fromOutside)) {
        return {
          kind: "fail",
          reason: `The worker ended with ${describeExit(end.exit)} while it ran this task.`,
        };
      }
      if (stopping) return { kind: "hand-back", reason: `the worker ended with ${describeExit(end.exit)}` };
      return { kind: "run-alone" };
    }
  }
}

function seconds(limitMs: number): string {
  return `${Math.round(limitMs / 100) / 10} s`;
}
