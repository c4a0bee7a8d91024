import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { type Task, TaskSchema, TaskSubmissionsSchema } from "../../src/api/gen/workflows/v1/core_pb.ts";
import {
  type ComputedTask,
  ComputedTaskSchema,
  type NextTaskRequest,
  NextTaskResponseSchema,
  NextTaskToRunSchema,
} from "../../src/api/gen/workflows/v1/task_pb.ts";
import { TaskLoop } from "../../src/runner/task-loop.ts";
import type { TaskResult } from "../../src/runner/task-report.ts";
import { HeldTime } from "../support/held-time.ts";

const lease = { lease: { seconds: 60n }, recommendedWaitUntilNextExtension: { seconds: 30n } };

/** A loop of two lanes with room for two tasks, whose control plane has tasks without end. */
async function stage(spareTasks: number) {
  const time = new HeldTime();
  const asked: NextTaskRequest[] = [];
  const running: ((computed: ComputedTask) => void)[] = [];
  let held = 0;
  const loop = new TaskLoop({
    tasks: {
      nextTask: async (request) => {
        asked.push(request);
        return create(
          NextTaskResponseSchema,
          request.nextTaskToRun === undefined ? {} : { nextTask: create(TaskSchema, { lease }) },
        );
      },
      taskFailed: () => assert.fail("no task fails"),
      extendTaskLease: () => assert.fail("no lease is extended"),
    },
    time,
    random: () => 0,
    ahead: () => ({ isWanted: spareTasks > 0, spareTasks }),
    claim: () => {
      if (held === 2) return undefined;
      held++;
      return {
        toRun: create(NextTaskToRunSchema),
        run: (_task: Task) =>
          new Promise<TaskResult>((resolve) => running.push((task) => resolve({ kind: "computed", task }))),
        [Symbol.dispose]: () => void held--,
      };
    },
    onIdle: () => {},
    onRefused: assert.fail,
    onUnreachable: assert.fail,
    onReached: () => {},
    onEvent: () => {},
  });
  const ended = loop.run(2);
  await time.pass(0);
  assert.equal(running.length, 2);
  assert.equal(asked.splice(0).length, 2);
  const end = async (computed: ComputedTask): Promise<void> => {
    running.shift()?.(computed);
    await time.pass(0);
  };
  return { time, loop, ended, asked, running, end };
}

const leaf = () => create(ComputedTaskSchema);
const reportsAndClaims = (asked: readonly NextTaskRequest[]) =>
  asked.map(({ computedTask, nextTaskToRun }) => [computedTask !== undefined, nextTaskToRun !== undefined]);

describe("TaskLoop", () => {
  it("reports and claims in one request, together with others while tasks are claimed ahead", async () => {
    const { time, asked, end } = await stage(9);
    await end(leaf());
    await end(leaf());
    // Nobody else asks for what they keep the right to ask for.
    assert.equal(asked.length, 0);
    await time.pass(20);
    assert.deepEqual(reportsAndClaims(asked), [
      [true, true],
      [true, true],
    ]);
  });

  it("reports at once where no task is claimed ahead", async () => {
    const { asked, end } = await stage(0);
    await end(leaf());
    assert.deepEqual(reportsAndClaims(asked), [[true, true]]);
  });

  it("reports at once what has submitted sub-tasks, which are work for others", async () => {
    const { asked, end } = await stage(9);
    await end(create(ComputedTaskSchema, { subTasks: create(TaskSubmissionsSchema) }));
    assert.deepEqual(reportsAndClaims(asked), [[true, true]]);
  });

  it("keeps no report back when it is stopped, and claims nothing with it", async () => {
    const { time, loop, ended, asked, end } = await stage(9);
    await end(leaf());
    loop.stop();
    await time.pass(0);
    await end(leaf());
    assert.deepEqual(reportsAndClaims(asked), [
      [true, false],
      [true, false],
    ]);
    await ended;
    assert.equal(loop.busy, 0);
  });
});
