import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { SortDirection } from "../../../src/api/gen/tilebox/v1/query_pb.ts";
import { JobState, LegacyJobState, TaskState } from "../../../src/api/gen/workflows/v1/core_pb.ts";
import { anyTask, groupsOf, type JobsUnderTest, serveJobs, submission } from "./jobs-under-test.ts";
import { refused } from "./refused.ts";
import { unknownId } from "./workflows-under-test.ts";

async function claim({ tasks }: JobsUnderTest) {
  const { nextTask } = await tasks.nextTask({ nextTaskToRun: anyTask });
  return nextTask ?? assert.fail("nothing was handed out");
}

describe("JobService", () => {
  test("answers with the job as it is, also in the words of older SDKs", async () => {
    await using under = await serveJobs();
    const { jobs, tasks, clock } = under;
    const job = await jobs.submitJob(submission(["a", "b"]));
    assert.deepEqual(
      [job.state, job.legacyState, job.canceled, job.startedAt],
      [JobState.SUBMITTED, LegacyJobState.QUEUED, false, undefined],
    );
    assert.deepEqual(job.submittedAt, timestampFromMs(clock()));
    const { executionStats: stats } = job;
    assert.deepEqual(
      [
        stats?.computeTime,
        stats?.elapsedTime,
        stats?.firstTaskStartedAt,
        stats?.parallelism,
        stats?.totalTasks,
      ],
      [undefined, undefined, undefined, 0, 2n],
    );
    under.advanceMs(500);
    const a = await claim(under);
    under.advanceMs(1_500);
    await tasks.taskFailed({ taskId: a.id, wasWorkflowError: true });
    const failed = await jobs.getJob({ jobId: job.id });
    assert.deepEqual(
      [failed.state, failed.legacyState, failed.canceled],
      [JobState.FAILED, LegacyJobState.STARTED, true],
    );
    assert.deepEqual(failed.startedAt, timestampFromMs(clock() - 1_500));
    const after = failed.executionStats;
    assert.deepEqual(
      [
        after?.computeTime?.seconds,
        after?.computeTime?.nanos,
        after?.elapsedTime?.seconds,
        after?.parallelism,
      ],
      [1n, 500_000_000, 1n, 1],
    );
    assert.deepEqual(
      after?.tasksByState.map(({ state, count }) => [state, count]),
      [
        [TaskState.QUEUED, 1n],
        [TaskState.FAILED, 1n],
      ],
    );
    assert.equal((await jobs.retryJob({ jobId: job.id })).numTasksRescheduled, 1n);
    await jobs.cancelJob({ jobId: job.id });
    assert.equal((await jobs.getJob({ jobId: job.id })).state, JobState.CANCELED);
  });

  test("refuses what is wrong with every reason, and unknown jobs with not_found", async () => {
    await using under = await serveJobs();
    const { jobs } = under;
    const wrong = { ...submission(["x".repeat(3_000)]), jobName: "", traceParent: "" };
    for (const reason of [
      /job_name: must not be empty/,
      /trace_parent: must not be empty/,
      /an input of 3000 bytes/,
    ]) {
      await assert.rejects(jobs.submitJob(wrong), refused(Code.InvalidArgument, reason));
    }
    await assert.rejects(
      jobs.submitJob({ jobName: "a", traceParent: "b" }),
      refused(Code.InvalidArgument, /tasks: must have at least one task/),
    );
    const request = { jobId: unknownId };
    for (const call of [
      jobs.getJob,
      jobs.cancelJob,
      jobs.retryJob,
      jobs.visualizeJob,
      jobs.getJobPrototype,
    ] as const) {
      await assert.rejects(call(request), refused(Code.NotFound, /There is no job/));
    }
    await assert.rejects(jobs.listJobTasks(request), refused(Code.NotFound, /There is no job/));
    await assert.rejects(jobs.getJob({}), refused(Code.InvalidArgument, /job_id: must be set/));
    const both = { timeInterval: {}, idInterval: {} };
    await assert.rejects(
      jobs.queryJobs({ filters: both }),
      refused(Code.InvalidArgument, /must not have both/),
    );
    await assert.rejects(
      jobs.queryJobs({ filters: { states: [JobState.UNSPECIFIED] }, page: { limit: 0n } }),
      refused(Code.InvalidArgument, /page\.limit.*states\[0\]: is no state/s),
    );
  });

  test("lists jobs page by page in both directions", async () => {
    await using under = await serveJobs();
    const { jobs } = under;
    for (let index = 0; index < 5; index++) {
      await jobs.submitJob({ ...submission(["a"]), jobName: `job ${index}` });
      under.advanceMs(1);
    }
    const list = async (sortDirection: SortDirection) => {
      const names: string[][] = [];
      let page: Parameters<typeof jobs.queryJobs>[0]["page"] = { limit: 2n };
      while (page !== undefined) {
        const answer: Awaited<ReturnType<typeof jobs.queryJobs>> = await jobs.queryJobs({
          page,
          sortDirection,
        });
        names.push(answer.jobs.map((job) => job.name));
        page = answer.nextPage && { ...answer.nextPage, limit: 2n };
      }
      return names;
    };
    const newest = [["job 4", "job 3"], ["job 2", "job 1"], ["job 0"]];
    assert.deepEqual(await list(SortDirection.UNSPECIFIED), newest);
    assert.deepEqual(await list(SortDirection.DESCENDING), newest);
    assert.deepEqual(await list(SortDirection.ASCENDING), [
      ["job 0", "job 1"],
      ["job 2", "job 3"],
      ["job 4"],
    ]);
  });

  test("takes intervals of time with either end included or not, down to nanoseconds", async () => {
    await using under = await serveJobs();
    const { jobs, clock } = under;
    await jobs.submitJob(submission(["a"]));
    const at = (nanos: number) => {
      const time = timestampFromMs(clock());
      return { ...time, nanos: time.nanos + nanos };
    };
    const found = async (timeInterval: object) =>
      (await jobs.queryJobs({ filters: { timeInterval } })).jobs.length;
    assert.equal(await found({ startTime: at(0), endTime: at(1) }), 1);
    assert.equal(await found({ startTime: at(0), endTime: at(0), endInclusive: true }), 1);
    assert.equal(await found({ startTime: at(0), endTime: at(0) }), 0);
    assert.equal(await found({ startTime: at(0), startExclusive: true }), 0);
    assert.equal(await found({ startTime: at(1) }), 0);
    assert.equal(await found({ endTime: at(0) }), 0);
    assert.equal(await found({}), 1);
  });

  test("lists tasks level by level, with the children of a page if wanted", async () => {
    await using under = await serveJobs();
    const { jobs, tasks } = under;
    const job = await jobs.submitJob(submission(["a", "b"]));
    const a = await claim(under);
    const names = Array.from({ length: 5 }, (_, index) => `a${index}`);
    await tasks.nextTask({ computedTask: { id: a.id, subTasks: groupsOf(names) } });
    const answer = await jobs.listJobTasks({ jobId: job.id, prefetchChildren: { limit: 3n } });
    const summary = (page: typeof answer.page) =>
      page?.tasks.map(({ display, hasChildren }) => `${display}${hasChildren ? "+" : ""}`);
    assert.deepEqual(summary(answer.page), ["a+", "b"]);
    const [children, ...others] = answer.prefetchedChildPages;
    assert.deepEqual(
      [summary(children), others.length, children?.parentTaskId],
      [["a0", "a1", "a2"], 0, a.id],
    );
    const rest = await jobs.listJobTasks({ jobId: job.id, parentTaskId: a.id, page: children?.nextPage });
    assert.deepEqual([summary(rest.page), rest.page?.nextPage], [["a3", "a4"], undefined]);
    const [first] = rest.page?.tasks ?? [];
    assert.deepEqual([first?.parentId, first?.state, first?.maxRetries], [a.id, TaskState.QUEUED, 0n]);
    assert.match(first?.clusterSlug ?? "", /^default-/);
  });

  test("gives a job's roots as a prototype, from which a clone can be made", async () => {
    await using under = await serveJobs();
    const { jobs } = under;
    const first = groupsOf(["a", "b"], [3n, 0n]);
    const [group] = first.taskGroups;
    assert.ok(group);
    const second = { ...group, inputs: [Buffer.from("c")], dependenciesOnOtherGroups: [0] };
    const column = {
      identifierPointers: [0n],
      clusterSlugPointers: [0n],
      displayPointers: [0n],
      maxRetriesValues: [0n],
    };
    const original = await jobs.submitJob({
      ...submission([]),
      tasks: { ...first, taskGroups: [group, { ...second, ...column }] },
    });
    const { jobName, rootTasks } = await jobs.getJobPrototype({ jobId: original.id });
    assert.equal(jobName, "job");
    assert.deepEqual(
      rootTasks.map(({ input, maxRetries, dependencies }) => [
        Buffer.from(input).toString(),
        maxRetries,
        dependencies,
      ]),
      [
        ["a", 3n, []],
        ["b", 0n, []],
        ["c", 0n, [0n, 1n]],
      ],
    );
    const clone = await jobs.cloneJob({
      jobId: original.id,
      rootTasksOverrides: rootTasks,
      jobName: "again",
    });
    assert.deepEqual([clone.name, clone.executionStats?.totalTasks], ["again", 3n]);
    assert.match(clone.traceParent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    assert.notDeepEqual(clone.id, original.id);
    await assert.rejects(
      jobs.cloneJob({ jobId: original.id, jobName: "none" }),
      refused(Code.InvalidArgument, /root_tasks_overrides: must have at least one task/),
    );
    await assert.rejects(
      jobs.cloneJob({ jobId: unknownId, rootTasksOverrides: rootTasks, jobName: "again" }),
      refused(Code.NotFound, /There is no job/),
    );
  });

  test("counts jobs and what waits", async () => {
    await using under = await serveJobs();
    const { jobs } = under;
    const oldest = await jobs.submitJob(submission(["a", "b"]));
    under.advanceMs(60_000);
    await jobs.submitJob(submission(["c"]));
    const counts = await jobs.getJobStateCounts({});
    assert.deepEqual(
      [counts.totalJobs, counts.stateCounts.map(({ state, count }) => [state, count])],
      [2n, [[JobState.SUBMITTED, 2n]]],
    );
    const all = await jobs.getTaskQueueStats({});
    assert.deepEqual([all.waitingJobs, all.runningJobs, all.queuedTasks], [2n, 0n, 3n]);
    assert.deepEqual(all.oldestWaitingJob?.id, oldest.id);
    const recent = await jobs.getTaskQueueStats({ jobMaxAge: { seconds: 30n, nanos: 0 } });
    assert.deepEqual([recent.waitingJobs, recent.queuedTasks], [1n, 1n]);
  });
});
