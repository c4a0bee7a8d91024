/** TaskService as runners see it: above all, what it never answers, because that ends or spins an official one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TaskState } from "../../../src/api/gen/workflows/v1/core_pb.ts";
import { anyTask, groupsOf, type JobsUnderTest, serveJobs, submission } from "./jobs-under-test.ts";

async function claim({ tasks }: JobsUnderTest) {
  const { nextTask } = await tasks.nextTask({ nextTaskToRun: anyTask });
  return nextTask ?? assert.fail("nothing was handed out");
}

const seconds = (duration: { seconds: bigint; nanos: number } | undefined) =>
  Number(duration?.seconds) + (duration?.nanos ?? 0) / 1e9;

describe("NextTask", () => {
  test("hands out a task with the fields that the public service fills, and no others", async () => {
    await using under = await serveJobs();
    const job = await under.jobs.submitJob(submission(["a"]));
    const task = await claim(under);
    assert.equal(task.state, TaskState.RUNNING);
    assert.deepEqual([task.display, Buffer.from(task.input).toString()], ["a", "a"]);
    assert.deepEqual([task.identifier?.name, task.identifier?.version], ["Task", "v1.0"]);
    assert.deepEqual(task.job?.id, job.id);
    assert.deepEqual([task.job?.name, task.job?.traceParent], [job.name, job.traceParent]);
    assert.deepEqual(task.job?.submittedAt, job.submittedAt);
    assert.deepEqual([task.job?.state, task.job?.executionStats], [0, undefined]);
    assert.deepEqual(
      [seconds(task.lease?.lease), seconds(task.lease?.recommendedWaitUntilNextExtension)],
      [15, 10],
    );
    assert.deepEqual([task.parentId, task.dependsOn, task.retryCount], [undefined, [], 0n]);
  });

  test("answers with a task or with idling whenever one was asked for, and with neither otherwise", async () => {
    await using under = await serveJobs();
    await under.jobs.submitJob(submission(["a", "b"]));
    const { id } = await claim(under);
    const both = await under.tasks.nextTask({ computedTask: { id }, nextTaskToRun: anyTask });
    assert.equal(both.nextTask?.display, "b");
    const only = await under.tasks.nextTask({ computedTask: { id: both.nextTask?.id } });
    assert.deepEqual([only.nextTask, only.idling], [undefined, undefined]);
    const neither = await under.tasks.nextTask({});
    assert.deepEqual([neither.nextTask, neither.idling], [undefined, undefined]);

    for (const request of [
      { nextTaskToRun: anyTask },
      { nextTaskToRun: anyTask, computedTask: { id } },
      { nextTaskToRun: {} },
      { nextTaskToRun: { clusterSlug: "no such cluster!", identifiers: anyTask.identifiers } },
      { nextTaskToRun: { clusterSlug: "gone", identifiers: anyTask.identifiers } },
      { nextTaskToRun: { clusterSlug: "", identifiers: [{ name: "Task", version: "1.0" }] } },
      { nextTaskToRun: anyTask, computedTask: {} },
      { nextTaskToRun: anyTask, computedTask: { id: { uuid: new Uint8Array([1, 2, 3]) } } },
      { nextTaskToRun: anyTask, computedTask: { id: { uuid: new Uint8Array(16).fill(7) } } },
    ]) {
      const { nextTask, idling } = await under.tasks.nextTask(request);
      assert.equal(nextTask, undefined);
      const sleep = seconds(idling?.suggestedIdlingDuration);
      assert.ok(sleep >= 0.001 && sleep <= 10, `${sleep} s`);
    }
  });

  test("fails a task whose sub-tasks cannot be submitted, and serves its runner on", async () => {
    await using under = await serveJobs();
    await under.jobs.submitJob(submission(["bad"]));
    await under.jobs.submitJob(submission(["good"]));
    const bad = await claim(under);
    const subTasks = groupsOf(["x".repeat(3_000)]);
    const { nextTask } = await under.tasks.nextTask({
      computedTask: { id: bad.id, display: "bad", subTasks },
      nextTaskToRun: anyTask,
    });
    assert.equal(nextTask?.display, "good");
    const { jobs } = await under.jobs.queryJobs({ filters: { states: [5] } });
    assert.deepEqual(
      jobs.map((job) => job.id),
      [bad.job?.id],
    );
  });

  test("takes sub-tasks in the older form", async () => {
    await using under = await serveJobs();
    await under.jobs.submitJob(submission(["parent"]));
    const { id } = await claim(under);
    const single = (display: string, dependencies: bigint[]) => ({
      clusterSlug: "",
      identifier: { name: "Task", version: "v1.0" },
      display,
      dependencies,
      maxRetries: 0n,
      input: new Uint8Array(),
    });
    const computedTask = { id, legacySubTasks: [single("second", [1n]), single("first", [])] };
    const { nextTask } = await under.tasks.nextTask({ computedTask, nextTaskToRun: anyTask });
    assert.equal(nextTask?.display, "first");
  });
});

describe("TaskFailed", () => {
  test("answers with the state that the task has then", async () => {
    await using under = await serveJobs();
    await under.jobs.submitJob({ ...submission([]), tasks: groupsOf(["a"], [1n]) });
    const fail = async () => {
      const { id } = await claim(under);
      return (await under.tasks.taskFailed({ taskId: id, wasWorkflowError: true, display: "a\nError()" }))
        .state;
    };
    assert.equal(await fail(), TaskState.QUEUED);
    assert.equal(await fail(), TaskState.FAILED);
  });

  test("is never refused, whatever it is about", async () => {
    await using under = await serveJobs();
    for (const uuid of [new Uint8Array(16).fill(7), new Uint8Array(3), new Uint8Array(16)]) {
      const { state } = await under.tasks.taskFailed({ taskId: { uuid }, wasWorkflowError: false });
      assert.equal(state, TaskState.UNSPECIFIED);
    }
    assert.equal((await under.tasks.taskFailed({})).state, TaskState.UNSPECIFIED);
  });
});

describe("ExtendTaskLease", () => {
  test("doubles up to five minutes, and is not granted for what nobody runs", async () => {
    await using under = await serveJobs();
    await under.jobs.submitJob(submission(["a"]));
    const { id } = await claim(under);
    const extend = async (wanted: number) => {
      const requestedLease = { seconds: BigInt(wanted), nanos: 0 };
      const { lease, recommendedWaitUntilNextExtension } = await under.tasks.extendTaskLease({
        taskId: id,
        requestedLease,
      });
      return [
        lease && seconds(lease),
        recommendedWaitUntilNextExtension && seconds(recommendedWaitUntilNextExtension),
      ];
    };
    assert.deepEqual(await extend(30), [30, 25]);
    assert.deepEqual(await extend(60), [60, 55]);
    assert.deepEqual(await extend(6_000), [300, 295]);
    assert.deepEqual(await extend(-3), [15, 10]);
    await under.tasks.nextTask({ computedTask: { id } });
    assert.deepEqual(await extend(30), [undefined, undefined]);
    assert.equal((await under.tasks.extendTaskLease({})).lease, undefined);
  });
});
