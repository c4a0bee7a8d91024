import assert from "node:assert/strict";
import fc from "fast-check";
import type { GroupShape, JobModel, ModelJob, ModelTask, Offered, TaskShape } from "../engine/job-model.ts";
import type { JobsUnderTest } from "./jobs-under-test.ts";
import type { ReleaseModel } from "./release-model.ts";
import type { ReleasesUnderTest } from "./releases-under-test.ts";

/** Jobs do not name releases, so the model of both is one of each, side by side. */
export interface LifeModel {
  readonly jobs: JobModel;
  readonly releases: ReleaseModel;
}
export interface LifeUnderTest {
  readonly jobs: JobsUnderTest;
  readonly releases: ReleasesUnderTest;
}
export type LifeCommand = fc.AsyncCommand<LifeModel, LifeUnderTest>;

type Progress = ModelTask["progress"];

/** A command that is told by its name and arguments when a sequence fails. */
function command(
  name: string,
  args: unknown,
  check: (model: JobModel) => boolean,
  run: (model: JobModel, real: JobsUnderTest) => Promise<void>,
): LifeCommand {
  return {
    check: ({ jobs }) => check(jobs),
    async run(model, real) {
      await run(model.jobs, real.jobs);
      await real.jobs.compareJobs(model.jobs);
    },
    toString: () => `${name}(${JSON.stringify(args)})`,
  };
}

/** The first value nine times of ten: most tasks must run for anything else to happen. */
function mostly<Value>(usual: Value, ...others: Value[]): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

const task: fc.Arbitrary<TaskShape> = fc.record({
  cluster: mostly("a", "b"),
  kind: fc.constantFrom("K", "K", "L"),
  major: mostly(1, 2),
  minor: fc.constantFrom(0, 1, 2),
  optional: fc.constantFrom(true, false, false),
  maxRetries: fc.constantFrom(0, 0, 0, 1, 2),
});

/** Groups that depend on earlier ones, or the same turned around so that they depend on later ones. */
const groups: fc.Arbitrary<GroupShape[]> = fc
  .tuple(
    fc.array(
      fc.record({
        tasks: fc.array(task, { minLength: 1, maxLength: 3 }),
        waitsFor: fc.array(fc.nat({ max: 3 }), { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    fc.boolean(),
  )
  .map(([made, turned]) => {
    const last = made.length - 1;
    const shapes = made.map(({ tasks, waitsFor }, index) => {
      const earlier = [...new Set(waitsFor)].filter((dependency) => dependency < index);
      return { tasks, dependsOn: turned ? earlier.map((dependency) => last - dependency) : earlier };
    });
    return turned ? shapes.toReversed() : shapes;
  });

const everything = ["K", "L"].flatMap((kind) => [1, 2].map((major) => ({ kind, major, minor: 3 })));

const offer: fc.Arbitrary<Offered> = fc.record({
  cluster: mostly("a", "b"),
  identifiers: fc.oneof(
    { weight: 3, arbitrary: fc.constant(everything) },
    {
      weight: 1,
      arbitrary: fc.array(
        fc.record({
          kind: fc.constantFrom("K", "L"),
          major: mostly(1, 2),
          minor: fc.constantFrom(0, 1, 2),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    },
  ),
});

const progress: fc.Arbitrary<Progress> = fc
  .dictionary(fc.constantFrom("", "x", "y"), fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 })), { maxKeys: 2 })
  .map((report) => new Map(Object.entries(report)));

/** Most reports are about a running task; some come late, twice, or about a task that runs elsewhere by now. */
const pick = fc.record({ index: fc.nat(), late: fc.constantFrom(false, false, false, false, true) });
type Pick = { readonly index: number; readonly late: boolean };

function picked(model: JobModel, { index, late }: Pick): ModelTask | undefined {
  const tasks = model.tasks.filter((candidate) => (late ? candidate.started : candidate.state === "running"));
  return tasks[index % tasks.length];
}

function pickedJob(model: JobModel, index: number): ModelJob | undefined {
  return model.jobs[index % model.jobs.length];
}

function required<Value>(value: Value | undefined): Value {
  return value ?? assert.fail("the command's check promised one");
}

const reportOf = (report: Progress) => [...report].map(([label, [total, done]]) => ({ label, total, done }));

const submit = groups.map((shapes) =>
  command(
    "submit",
    shapes,
    () => true,
    async (model, real) => {
      const names = model.upcomingNames(shapes.flatMap((group) => group.tasks).length);
      const job = model.submit(shapes);
      await real.submit(job.name, real.groups(shapes, names));
    },
  ),
);

const claim = offer.map((offered) =>
  command(
    "claim",
    offered,
    () => true,
    async (model, real) => {
      const expected = model.claim(offered, undefined);
      assert.equal(await real.next(undefined, real.offer(offered)), expected?.name);
    },
  ),
);

const compute = fc
  .tuple(pick, fc.oneof(fc.constant([]), groups), progress, fc.option(offer, { nil: undefined }))
  .map(([which, shapes, report, offered]) =>
    command(
      "compute",
      [which, shapes, [...report], offered],
      (model) => picked(model, which) !== undefined,
      async (model, real) => {
        const done = required(picked(model, which));
        const names = model.upcomingNames(shapes.flatMap((group) => group.tasks).length);
        const subTasks = real.groups(shapes, names);
        model.compute(done, shapes, report);
        const expected = offered === undefined ? undefined : model.claim(offered, done.job);
        const claimed = await real.next(
          { id: real.taskId(done.name), display: "", progress: reportOf(report), subTasks },
          offered === undefined ? undefined : real.offer(offered),
        );
        assert.equal(claimed, expected?.name);
      },
    ),
  );

const fail = fc.tuple(pick, progress).map(([which, report]) =>
  command(
    "fail",
    [which, [...report]],
    (model) => picked(model, which) !== undefined,
    async (model, real) => {
      const failed = required(picked(model, which));
      model.fail(failed, report);
      const state = await real.fail(failed.name, { wasWorkflowError: true, progress: reportOf(report) });
      assert.equal(state, failed.state);
    },
  ),
);

const giveBack = pick.map((which) =>
  command(
    "giveBack",
    which,
    (model) => picked(model, which) !== undefined,
    async (model, real) => {
      const returned = required(picked(model, which));
      model.giveBack(returned);
      const state = await real.fail(returned.name, { wasWorkflowError: false, progress: [] });
      assert.equal(state, returned.state);
    },
  ),
);

const extend = fc.tuple(pick, fc.integer({ min: -1_000, max: 600_000 })).map(([which, askedMs]) =>
  command(
    "extend",
    [which, askedMs],
    (model) => picked(model, which) !== undefined,
    async (model, real) => {
      const held = required(picked(model, which));
      const lease = await real.jobs.extendLease(real.taskId(held.name), askedMs);
      assert.equal(lease?.leaseMs, model.extend(held, askedMs));
    },
  ),
);

const cancel = fc.nat().map((index) =>
  command(
    "cancel",
    index,
    (model) => model.jobs.length > 0,
    async (model, real) => {
      const job = required(pickedJob(model, index));
      model.cancel(job);
      await real.jobs.cancelJob(real.job(job.name));
    },
  ),
);

const retry = fc.nat().map((index) =>
  command(
    "retry",
    index,
    (model) => model.jobs.length > 0,
    async (model, real) => {
      const job = required(pickedJob(model, index));
      assert.equal(await real.jobs.retryJob(real.job(job.name)), model.retry(job));
    },
  ),
);

const advance = fc
  .oneof(fc.nat({ max: 14_000 }), fc.nat({ max: 60_000 }), fc.nat({ max: 86_400_000 }))
  .map((ms) =>
    command(
      "advance",
      ms,
      () => true,
      async (model, real) => {
        model.advance(ms);
        await real.advance(ms);
      },
    ),
  );

const restart = fc.constant(
  command(
    "restart",
    [],
    () => true,
    async (model, real) => {
      model.restart();
      await real.restart();
    },
  ),
);

const removeEnded = fc.constant(
  command(
    "removeEnded",
    [],
    () => true,
    async (model, real) => {
      await real.removeEnded(model.nowMs, model.removeEnded());
    },
  ),
);

/** A command that stands here twice comes twice as often. */
export const jobCommands: fc.Arbitrary<LifeCommand>[] = [
  submit,
  ...Array.from({ length: 6 }, () => claim),
  ...Array.from({ length: 7 }, () => compute),
  fail,
  fail,
  giveBack,
  extend,
  cancel,
  retry,
  retry,
  retry,
  // A restart costs as much as everything else together.
  fc.oneof(
    { weight: 8, arbitrary: advance },
    { weight: 2, arbitrary: restart },
    { weight: 1, arbitrary: removeEnded },
  ),
];
