/**
 * What can happen to one task, as a table of state x event without gaps. The wire's "completed" is not a
 * state: it is a computed task whose children are all done, see completion.ts.
 */

export type TaskState = "queued" | "running" | "computed" | "failed" | "skipped" | "failed-optional";

export const taskStates: readonly TaskState[] = [
  "queued",
  "running",
  "computed",
  "failed",
  "skipped",
  "failed-optional",
];

export type TaskEvent =
  /** A runner gets it, with a lease. */
  | "claim"
  /** A runner reports that it ran. */
  | "compute"
  /** A runner reports that the task's own code failed (was_workflow_error). */
  | "fail"
  /** A runner hands it back without blame: it was interrupted, or does not know the task. */
  | "give-back"
  /** Nobody extended the lease in time. */
  | "lease-end"
  /** The optional branch it belongs to is given up. */
  | "skip"
  /** RetryJob. */
  | "retry-job";

/** What a cell of the table says; `decideTask` carries each out. */
type Rule =
  | "stay"
  | "run"
  | "compute"
  | "compute-late"
  | "fail"
  | "give-back"
  | "lose"
  | "skip"
  | "abandon"
  | "requeue";

const staysForGood: Readonly<Record<TaskEvent, Rule>> = {
  claim: "stay",
  compute: "stay",
  fail: "stay",
  "give-back": "stay",
  "lease-end": "stay",
  skip: "stay",
  "retry-job": "stay",
};

/**
 * No request carries the number of an attempt, so a late or repeated report cannot be told from a current
 * one. Repeated reports change nothing. A late "computed" for a task that waits for its next attempt
 * counts, since the work is done; a late "failed" for it does not, since it will be tried anyway.
 */
const transitions: Readonly<Record<TaskState, Readonly<Record<TaskEvent, Rule>>>> = {
  queued: {
    claim: "run",
    compute: "compute-late",
    fail: "stay",
    "give-back": "stay",
    "lease-end": "stay",
    skip: "skip",
    "retry-job": "stay",
  },
  running: {
    claim: "stay",
    compute: "compute",
    fail: "fail",
    "give-back": "give-back",
    "lease-end": "lose",
    skip: "abandon",
    "retry-job": "stay",
  },
  computed: staysForGood,
  // The job was already reported as failed, so a late "computed" does not bring it back: RetryJob does.
  failed: { ...staysForGood, "retry-job": "requeue" },
  // RetryJob leaves these alone: with them the job counts as completed, and there is nothing to retry.
  skipped: staysForGood,
  "failed-optional": staysForGood,
};

/** What the rules need to know of a task. */
export interface TaskFacts extends AttemptCounts {
  readonly state: TaskState;
  /** Some runner had it before. */
  readonly started: boolean;
  /** Submitted as optional. */
  readonly optional: boolean;
  /** Some ancestor was submitted as optional. */
  readonly inOptionalBranch: boolean;
  /** It ran when its branch was given up: nothing more shall come of it. */
  readonly abandoned: boolean;
  readonly maxRetries: number;
}

/** Why earlier attempts ended, counted apart because each has a limit of its own. */
export interface AttemptCounts {
  /** Its code failed and it was queued again; up to max_retries. */
  readonly retryCount: number;
  /** Its lease ran out. */
  readonly lostCount: number;
  /** It was handed back without blame. */
  readonly givenBackCount: number;
}

export const noAttempts: AttemptCounts = { retryCount: 0, lostCount: 0, givenBackCount: 0 };

/** "Retried automatically up to 10 times" after runner crashes, beside max_retries. [doc: Runner Crashes] */
export const lostLimit = 10;

/**
 * Handing back is no failure and has no limit in the public documents, but a task that every runner hands
 * back at once would be claimed and handed back for ever. A hundred preemptions of one task are beyond
 * what a spot machine does; a hundred claims are over in a second.
 */
export const givenBackLimit = 100;

export type TaskChange =
  | { readonly kind: "none" }
  | { readonly kind: "run" }
  | { readonly kind: "requeue"; readonly attempts: AttemptCounts }
  /** `children`: what becomes of the sub-tasks that came with it. */
  | { readonly kind: "compute"; readonly children: "queue" | "skip" }
  /** The job fails with it. */
  | { readonly kind: "fail"; readonly reason: FailureReason }
  /** The job goes on. `givesUpBranch`: what is still queued under the nearest optional ancestor is skipped. */
  | { readonly kind: "fail-optional"; readonly reason: FailureReason; readonly givesUpBranch: boolean }
  | { readonly kind: "skip" }
  | { readonly kind: "abandon" };

export type FailureReason = "workflow-error" | "lost-too-often" | "given-back-too-often";

const none: TaskChange = { kind: "none" };

export function decideTask(task: TaskFacts, event: TaskEvent): TaskChange {
  const rule = transitions[task.state][event];
  switch (rule) {
    case "stay":
      return none;
    case "run":
      return { kind: "run" };
    case "compute-late":
      // A report about a task that no runner ever had is about something else: a copied or guessed id.
      return task.started ? compute(task) : none;
    case "compute":
      return compute(task);
    case "fail":
      return task.retryCount < task.maxRetries && !task.abandoned
        ? { kind: "requeue", attempts: { ...attemptsOf(task), retryCount: task.retryCount + 1 } }
        : fail(task, "workflow-error");
    case "give-back":
      if (task.abandoned) return { kind: "skip" };
      return task.givenBackCount < givenBackLimit
        ? { kind: "requeue", attempts: { ...attemptsOf(task), givenBackCount: task.givenBackCount + 1 } }
        : fail(task, "given-back-too-often");
    case "lose":
      if (task.abandoned) return { kind: "skip" };
      return task.lostCount < lostLimit
        ? { kind: "requeue", attempts: { ...attemptsOf(task), lostCount: task.lostCount + 1 } }
        : fail(task, "lost-too-often");
    case "skip":
      return { kind: "skip" };
    case "abandon":
      return { kind: "abandon" };
    case "requeue":
      // A fresh budget: whoever retries the job expects the same number of attempts as before.
      return { kind: "requeue", attempts: noAttempts };
  }
}

function attemptsOf({ retryCount, lostCount, givenBackCount }: TaskFacts): AttemptCounts {
  return { retryCount, lostCount, givenBackCount };
}

function compute(task: TaskFacts): TaskChange {
  return { kind: "compute", children: task.abandoned ? "skip" : "queue" };
}

/**
 * A task that was not submitted as optional but stands under one that was fails optionally and takes the
 * rest of that branch with it; an optional one fails alone. [doc: Nested Optional Tasks]
 */
function fail(task: TaskFacts, reason: FailureReason): TaskChange {
  if (task.optional) return { kind: "fail-optional", reason, givesUpBranch: false };
  if (task.inOptionalBranch) return { kind: "fail-optional", reason, givesUpBranch: !task.abandoned };
  return { kind: "fail", reason };
}
