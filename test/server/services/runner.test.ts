/** RunnerService as release runners see it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  NextTasksRequestSchema,
  NextTasksResponseSchema,
} from "../../../src/api/gen/workflowrelease/v1/runner_pb.ts";
import { type Job, TaskState } from "../../../src/api/gen/workflows/v1/core_pb.ts";
import { mostReports } from "../../../src/api/runner-calls.ts";
import { fromStatus } from "../../../src/api/status.ts";
import { fromWireError } from "../../../src/api/wire-error.ts";
import { SystemError } from "../../../src/errors.ts";
import { createRunnerState } from "../../../src/server/runner-state.ts";
import { nextTasks } from "../../../src/server/services/runner.ts";
import type { JobStore } from "../../../src/store/job-port.ts";
import { errorOf } from "../../support/errors.ts";
import { ManualTimers } from "../../support/manual-timers.ts";
import { anyTask, groupsOf, type JobsUnderTest, serveJobs, submission } from "./jobs-under-test.ts";
import { refused } from "./refused.ts";

async function claim({ tasks }: JobsUnderTest) {
  const { nextTask } = await tasks.nextTask({ nextTaskToRun: anyTask });
  return nextTask?.id ?? assert.fail("nothing was handed out");
}

async function tasksOf({ jobs }: JobsUnderTest, { id }: Pick<Job, "id">) {
  const { page } = await jobs.listJobTasks({ ...(id && { jobId: id }) });
  return page?.tasks ?? [];
}

describe("NextTasks", () => {
  test("reports each task and claims one for each report that asks, all in one", async () => {
    await using under = await serveJobs();
    await under.jobs.submitJob(submission(["a", "b", "c"]));
    const ids = [await claim(under), await claim(under), await claim(under)];
    await under.jobs.submitJob(submission(["d", "e"]));
    const { outcomes } = await under.runner.nextTasks({
      offers: [anyTask],
      reports: ids.map((id, index) => ({ computedTask: { id }, offer: index === 1 ? 0 : 1 })),
    });
    const answers = outcomes.map(({ outcome }) => outcome.case === "answer" && outcome.value);
    assert.deepEqual(
      answers.map((answer) => answer !== false && answer.nextTask?.display),
      ["d", undefined, "e"],
    );
    const { jobs } = await under.jobs.queryJobs({ filters: { states: [4] } });
    assert.equal(jobs.length, 1);
  });

  test("answers as NextTask does where nothing is left, where nothing can match, and for tasks it does not know", async () => {
    await using under = await serveJobs();
    await under.jobs.submitJob(submission(["a", "b"]));
    const [a, b] = [await claim(under), await claim(under)];
    const { outcomes } = await under.runner.nextTasks({
      offers: [anyTask, { clusterSlug: "no such cluster!", identifiers: [] }],
      reports: [
        { computedTask: { id: a }, offer: 1 },
        { computedTask: { id: b }, offer: 2 },
        { computedTask: { id: { uuid: new Uint8Array(16).fill(7) } }, offer: 0 },
        { computedTask: {}, offer: 0 },
      ],
    });
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome.case === "answer" && outcome.value.idling !== undefined),
      [true, true, false, false],
    );
    assert.ok(
      outcomes.every(({ outcome }) => outcome.case === "answer" && outcome.value.nextTask === undefined),
    );
  });

  test("fails a task whose sub-tasks cannot be submitted, and completes its neighbour", async () => {
    await using under = await serveJobs();
    const job = await under.jobs.submitJob(submission(["bad", "good"]));
    const [bad, good] = [await claim(under), await claim(under)];
    await under.runner.nextTasks({
      reports: [
        { computedTask: { id: bad, display: "bad", subTasks: groupsOf(["x".repeat(3_000)]) } },
        { computedTask: { id: good, display: "good" } },
      ],
    });
    const tasks = await tasksOf(under, job);
    assert.deepEqual(
      new Map(tasks.map(({ display, state }) => [display.split("\n")[0], state])),
      new Map([
        ["bad", TaskState.FAILED],
        ["good", TaskState.COMPUTED],
      ]),
    );
  });

  test("refuses what cannot be read, all of it at once, and reports nothing of it", async () => {
    await using under = await serveJobs();
    const job = await under.jobs.submitJob(submission(["a"]));
    const id = await claim(under);
    await assert.rejects(
      under.runner.nextTasks({
        offers: [anyTask],
        reports: [{ computedTask: { id }, offer: 1 }, { computedTask: { id }, offer: 2 }, { offer: 1 }],
      }),
      refused(
        Code.InvalidArgument,
        /reports\[1\]: there is no offer 2; reports\[2\]: it has no computed_task/,
      ),
    );
    const many = Array.from({ length: mostReports + 1 }, () => ({ computedTask: { id } }));
    await assert.rejects(
      under.runner.nextTasks({ reports: many }),
      refused(Code.InvalidArgument, /257, more than 256/),
    );
    const tasks = await tasksOf(under, job);
    assert.deepEqual(
      tasks.map(({ state }) => state),
      [TaskState.RUNNING],
    );
  });

  test("says of each report by itself what the store says", async () => {
    await using under = await serveJobs();
    const failing = new SystemError("store-failed", "the disk is full");
    const told: unknown[] = [];
    const report = ({ error }: { readonly error: unknown }) => told.push(error);
    const { store, clock } = under;
    const runners = createRunnerState({ store, clock, timers: new ManualTimers(), report });
    const nextTask: JobStore["nextTask"] = async (work) => {
      if (work.computed?.display === "unlucky") throw failing;
      return await store.jobs.nextTask(work);
    };
    const jobs: JobStore = Object.assign(Object.create(store.jobs), { nextTask });
    await under.jobs.submitJob(submission(["a", "b"]));
    const reports = [
      { computedTask: { id: await claim(under), display: "unlucky" } },
      { computedTask: { id: await claim(under), display: "lucky" } },
    ];
    const request = create(NextTasksRequestSchema, { reports });
    const answer = await nextTasks({ jobs, report, ...runners }, request, { peer: undefined });
    runners.close();
    const [unlucky, lucky] = create(NextTasksResponseSchema, answer).outcomes.map(({ outcome }) => outcome);
    assert.equal(lucky?.case, "answer");
    assert.ok(unlucky?.case === "refusal");
    const call = { name: "NextTask", host: "example.test", missing: [], signal: undefined };
    assert.ok(errorOf("store-failed", /the disk is full/)(fromWireError(fromStatus(unlucky.value), call)));
    assert.deepEqual(told, [failing]);
  });
});
