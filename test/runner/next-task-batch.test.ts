import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import {
  type NextTasksRequest,
  type NextTasksResponse,
  NextTasksResponseSchema,
} from "../../src/api/gen/workflowrelease/v1/runner_pb.ts";
import { TaskSubmissionsSchema } from "../../src/api/gen/workflows/v1/core_pb.ts";
import {
  type NextTaskRequest,
  NextTaskRequestSchema,
  type NextTaskResponse,
  NextTaskToRunSchema,
} from "../../src/api/gen/workflows/v1/task_pb.ts";
import { SystemError, UserError } from "../../src/errors.ts";
import { NextTaskBatch } from "../../src/runner/next-task-batch.ts";
import { anyTask, groupsOf, serveJobs, submission } from "../server/services/jobs-under-test.ts";
import { errorOf } from "../support/errors.ts";

type Answer = (request: NextTasksRequest) => NextTasksResponse | Promise<NextTasksResponse>;

/** A batch of a real control plane's services, of which the one for runners can be replaced. */
async function stage(names: readonly string[], answer?: Answer) {
  const under = await serveJobs();
  await under.jobs.submitJob(submission(names));
  const calls: string[] = [];
  const batch = new NextTaskBatch({
    host: "example.test",
    tasks: {
      nextTask: (...call) => {
        calls.push("NextTask");
        return under.tasks.nextTask(...call);
      },
    },
    runner: {
      nextTasks: async (request, options) => {
        calls.push(`NextTasks ${request.reports?.length}`);
        return await (answer === undefined
          ? under.runner.nextTasks(request, options)
          : answer(request as NextTasksRequest));
      },
    },
  });
  const { signal } = new AbortController();
  const next = (request: NextTaskRequest) => batch.nextTask(request, { signal });
  const claim = async () => {
    const { nextTask } = await next(create(NextTaskRequestSchema, { nextTaskToRun: anyTask }));
    return nextTask?.id ?? assert.fail("nothing was handed out");
  };
  const claimed = [];
  for (const _ of names) claimed.push(await claim());
  calls.length = 0;
  const reports = claimed.map((id) => create(NextTaskRequestSchema, { computedTask: { id } }));
  return { under, batch, calls, next, reports, [Symbol.asyncDispose]: () => under[Symbol.asyncDispose]() };
}

const displays = (answers: readonly NextTaskResponse[]) => answers.map(({ nextTask }) => nextTask?.display);
const isDone = async ({ under }: { readonly under: Awaited<ReturnType<typeof serveJobs>> }) =>
  (await under.jobs.queryJobs({ filters: { states: [4] } })).jobs.length;

describe("NextTaskBatch", () => {
  it("sends what is reported in one turn in one call, and hands each its own answer", async () => {
    await using staged = await stage(["a", "b", "c"]);
    await staged.under.jobs.submitJob(submission(["d", "e"]));
    const [a, b, c] = staged.reports;
    assert.ok(a && b && c);
    for (const claiming of [a, c]) claiming.nextTaskToRun = create(NextTaskToRunSchema, anyTask);
    const answers = await Promise.all([a, b, c].map(staged.next));
    assert.deepEqual(displays(answers), ["d", undefined, "e"]);
    assert.deepEqual(answers[1]?.idling, undefined);
    assert.deepEqual(staged.calls, ["NextTasks 3"]);
    assert.equal(await isDone(staged), 1);
  });

  it("says once what several ask for, and keeps apart what they do not", async () => {
    const seen: NextTasksRequest[] = [];
    await using staged = await stage(["a", "b", "c", "d"], (request) => {
      seen.push(request);
      return create(NextTasksResponseSchema, {
        outcomes: request.reports.map(() => ({ outcome: { case: "answer" as const, value: {} } })),
      });
    });
    const toRun = (clusterSlug: string) => create(NextTaskToRunSchema, { ...anyTask, clusterSlug });
    const [a, b, c] = staged.reports;
    assert.ok(a && b && c);
    a.nextTaskToRun = toRun("one");
    b.nextTaskToRun = toRun("two");
    c.nextTaskToRun = toRun("one");
    await Promise.all(staged.reports.map(staged.next));
    assert.deepEqual(
      seen[0]?.offers.map(({ clusterSlug }) => clusterSlug),
      ["one", "two"],
    );
    assert.deepEqual(
      seen[0]?.reports.map(({ offer }) => offer),
      [1, 2, 1, 0],
    );
  });

  it("leaves to NextTask what comes alone, reports nothing, or has sub-tasks", async () => {
    await using staged = await stage(["a", "b", "c"]);
    const [a, b, c] = staged.reports;
    assert.ok(a && b?.computedTask && c);
    await staged.next(a);
    b.computedTask.subTasks = create(TaskSubmissionsSchema, groupsOf(["sub"]));
    const claim = create(NextTaskRequestSchema, { nextTaskToRun: { identifiers: [] } });
    await Promise.all([b, c, claim].map(staged.next));
    assert.deepEqual(staged.calls, ["NextTask", "NextTask", "NextTask", "NextTask"]);
    assert.equal((await staged.under.jobs.queryJobs({})).jobs[0]?.executionStats?.totalTasks, 4n);
  });

  for (const code of ["api-unsupported", "permission-denied"] as const) {
    it(`does without where the control plane answers ${code}, and does not ask again`, async () => {
      await using staged = await stage(["a", "b", "c", "d"], () => {
        throw new UserError(code, "no such call");
      });
      const [a, b, c, d] = staged.reports;
      assert.ok(a && b && c && d);
      await Promise.all([a, b].map(staged.next));
      await Promise.all([c, d].map(staged.next));
      assert.deepEqual(staged.calls, ["NextTasks 2", "NextTask", "NextTask", "NextTask", "NextTask"]);
      assert.equal(await isDone(staged), 1);
    });
  }

  it("asks one by one where the call as a whole is refused, and together the next time", async () => {
    await using staged = await stage(["a", "b", "c", "d"], () => {
      throw new UserError("request-invalid", "one of them is wrong");
    });
    const [a, b, c, d] = staged.reports;
    assert.ok(a && b && c && d);
    await Promise.all([a, b].map(staged.next));
    void staged.next(c);
    await staged.next(d);
    assert.deepEqual(staged.calls, [
      "NextTasks 2",
      "NextTask",
      "NextTask",
      "NextTasks 2",
      "NextTask",
      "NextTask",
    ]);
  });

  for (const error of [
    new SystemError("api-unreachable", "it is gone"),
    new SystemError("api-timeout", "it is slow"),
  ]) {
    it(`fails all of them with ${error.code}: another try is theirs`, async () => {
      await using staged = await stage(["a", "b"], () => {
        throw error;
      });
      const ends = await Promise.allSettled(staged.reports.map(staged.next));
      assert.deepEqual(
        ends.map((end) => end.status === "rejected" && end.reason),
        [error, error],
      );
      assert.deepEqual(staged.calls, ["NextTasks 2"]);
    });
  }

  it("fails the one that is refused, in the words of the control plane, and one without an outcome", async () => {
    await using staged = await stage(["a", "b", "c"], () =>
      create(NextTasksResponseSchema, {
        outcomes: [
          { outcome: { case: "answer", value: {} } },
          { outcome: { case: "refusal", value: { code: 14, message: "not now" } } },
        ],
      }),
    );
    const [a, b, c] = staged.reports.map(staged.next);
    assert.ok(a && b && c);
    await Promise.all([
      a,
      assert.rejects(b, errorOf("api-unreachable", /not now/)),
      assert.rejects(c, errorOf("api-failed", /too few outcomes/)),
    ]);
  });
});
