import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { executionStats, type JobFacts, jobState, type TaskCounts } from "../../src/engine/job-state.ts";

const counts = (some: Partial<TaskCounts>): TaskCounts => ({
  queued: 0,
  running: 0,
  computed: 0,
  failed: 0,
  skipped: 0,
  "failed-optional": 0,
  ...some,
});

function state(tasks: Partial<TaskCounts>, facts: Partial<JobFacts> = {}) {
  return jobState({ tasks: counts(tasks), canceled: false, started: true, openRootGroups: 1, ...facts });
}

describe("a job is", () => {
  test("submitted until a task was claimed", () => {
    assert.equal(state({ queued: 3 }, { started: false }), "submitted");
  });
  test("running while a task runs, and when its only task waits for its next attempt", () => {
    assert.equal(state({ queued: 1, running: 1, computed: 4 }), "running");
    assert.equal(state({ queued: 1 }), "running");
  });
  test("started when something is done and nothing runs", () => {
    assert.equal(state({ queued: 1, computed: 1 }), "started");
    assert.equal(state({ queued: 1, "failed-optional": 1 }), "started");
  });
  test("completed when its roots are, optional failures or not", () => {
    const tasks = { computed: 3, "failed-optional": 1, skipped: 1 };
    assert.equal(state(tasks, { openRootGroups: 0 }), "completed");
  });
  test("failed while a task is, also when others still run", () => {
    assert.equal(state({ failed: 1, running: 2, queued: 5 }), "failed");
  });
  test("canceled until somebody retries it, whatever its tasks do", () => {
    assert.equal(state({ running: 1 }, { canceled: true }), "canceled");
    assert.equal(state({ failed: 1 }, { canceled: true }), "canceled");
    assert.equal(state({ computed: 1 }, { canceled: true, openRootGroups: 0 }), "canceled");
  });
});

describe("execution stats", () => {
  test("of a job that waits have counts and no times", () => {
    const times = { firstStartedMs: undefined, lastStoppedMs: undefined, computeMs: 0 };
    assert.deepEqual(executionStats(counts({ queued: 1 }), times), {
      firstStartedMs: undefined,
      lastStoppedMs: undefined,
      computeMs: undefined,
      elapsedMs: undefined,
      parallelism: 0,
      totalTasks: 1,
      tasksByState: [{ state: "queued", count: 1 }],
    });
  });
  test("parallelism is compute time over elapsed time, and never below one", () => {
    const stats = (computeMs: number, lastStoppedMs = 1_400) =>
      executionStats(counts({ computed: 6 }), { firstStartedMs: 1_000, lastStoppedMs, computeMs });
    assert.equal(stats(1_000).parallelism, 2.5);
    assert.equal(stats(316).parallelism, 1);
    assert.equal(stats(0, 1_000).parallelism, 1);
    assert.equal(stats(316).elapsedMs, 400);
  });
});
