import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  decideTask,
  givenBackLimit,
  lostLimit,
  noAttempts,
  type TaskChange,
  type TaskEvent,
  type TaskFacts,
  type TaskState,
  taskStates,
} from "../../src/engine/task-state.ts";

const events: readonly TaskEvent[] = [
  "claim",
  "compute",
  "fail",
  "give-back",
  "lease-end",
  "skip",
  "retry-job",
];

function task(state: TaskState, facts: Partial<TaskFacts> = {}): TaskFacts {
  return {
    state,
    started: state !== "queued",
    optional: false,
    inOptionalBranch: false,
    abandoned: false,
    maxRetries: 0,
    ...noAttempts,
    ...facts,
  };
}

const kind = (facts: TaskFacts, event: TaskEvent): TaskChange["kind"] => decideTask(facts, event).kind;

describe("what can happen to a task", () => {
  test("in each state, at each event", () => {
    const table = taskStates.map((state) => [state, events.map((event) => kind(task(state), event))]);
    assert.deepEqual(Object.fromEntries(table), {
      //                  claim   compute    fail    give-back  lease-end  skip     retry-job
      queued: ["run", "none", "none", "none", "none", "skip", "none"],
      running: ["none", "compute", "fail", "requeue", "requeue", "abandon", "none"],
      computed: ["none", "none", "none", "none", "none", "none", "none"],
      failed: ["none", "none", "none", "none", "none", "none", "requeue"],
      skipped: ["none", "none", "none", "none", "none", "none", "none"],
      "failed-optional": ["none", "none", "none", "none", "none", "none", "none"],
    });
  });

  test("a task that waits for its next attempt takes a late result, one that nobody had does not", () => {
    assert.equal(kind(task("queued", { started: true }), "compute"), "compute");
    assert.equal(kind(task("queued", { started: false }), "compute"), "none");
  });

  test("max_retries is the number of runs after the first", () => {
    const runs = [0, 1, 2].map((retryCount) =>
      decideTask(task("running", { maxRetries: 2, retryCount, lostCount: 3 }), "fail"),
    );
    assert.deepEqual(runs, [
      { kind: "requeue", attempts: { retryCount: 1, lostCount: 3, givenBackCount: 0 } },
      { kind: "requeue", attempts: { retryCount: 2, lostCount: 3, givenBackCount: 0 } },
      { kind: "fail", reason: "workflow-error" },
    ]);
  });

  test("a lost runner is forgiven ten times, whatever max_retries says", () => {
    const lost = (lostCount: number) =>
      decideTask(task("running", { lostCount, maxRetries: 50 }), "lease-end");
    assert.deepEqual(lost(lostLimit - 1), {
      kind: "requeue",
      attempts: { retryCount: 0, lostCount: 10, givenBackCount: 0 },
    });
    assert.deepEqual(lost(lostLimit), { kind: "fail", reason: "lost-too-often" });
  });

  test("a task that everyone hands back fails in the end, with max_retries untouched", () => {
    const back = (givenBackCount: number) => decideTask(task("running", { givenBackCount }), "give-back");
    assert.deepEqual(back(givenBackLimit - 1), {
      kind: "requeue",
      attempts: { retryCount: 0, lostCount: 0, givenBackCount: 100 },
    });
    assert.deepEqual(back(givenBackLimit), { kind: "fail", reason: "given-back-too-often" });
  });

  test("an optional task fails alone, one below it takes the branch with it", () => {
    const fail = (facts: Partial<TaskFacts>) => decideTask(task("running", facts), "fail");
    const reason = "workflow-error";
    assert.deepEqual(fail({ optional: true }), { kind: "fail-optional", reason, givesUpBranch: false });
    assert.deepEqual(fail({ optional: true, inOptionalBranch: true }), {
      kind: "fail-optional",
      reason,
      givesUpBranch: false,
    });
    assert.deepEqual(fail({ inOptionalBranch: true }), {
      kind: "fail-optional",
      reason,
      givesUpBranch: true,
    });
  });

  test("what runs in a branch that was given up ends there: no retry, no children, no second giving up", () => {
    const abandoned = { abandoned: true, inOptionalBranch: true, maxRetries: 5 };
    assert.deepEqual(decideTask(task("running", abandoned), "compute"), {
      kind: "compute",
      children: "skip",
    });
    assert.deepEqual(decideTask(task("running", abandoned), "fail"), {
      kind: "fail-optional",
      reason: "workflow-error",
      givesUpBranch: false,
    });
    assert.equal(kind(task("running", abandoned), "give-back"), "skip");
    assert.equal(kind(task("running", abandoned), "lease-end"), "skip");
  });

  test("RetryJob gives a failed task a fresh budget", () => {
    const failed = task("failed", { retryCount: 3, lostCount: 10, givenBackCount: 7 });
    assert.deepEqual(decideTask(failed, "retry-job"), { kind: "requeue", attempts: noAttempts });
  });
});
