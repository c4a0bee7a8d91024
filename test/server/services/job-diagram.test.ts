import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WorkflowDiagramTheme } from "../../../src/api/gen/workflows/v1/job_pb.ts";
import { anyTask, groupsOf, type JobsUnderTest, serveJobs, submission } from "./jobs-under-test.ts";

type Request = Parameters<JobsUnderTest["jobs"]["visualizeJob"]>[0];

async function draw({ jobs }: JobsUnderTest, request: Request) {
  const { svg } = await jobs.visualizeJob(request);
  return Buffer.from(svg).toString();
}

const count = (svg: string, part: RegExp) => [...svg.matchAll(part)].length;
const boxes = /<rect /g;

describe("the picture of a job", () => {
  test("has a box a task, a line from each parent, and dashed lines for what waits", async () => {
    await using under = await serveJobs();
    const job = await under.jobs.submitJob(submission(["root & <only>"]));
    const { nextTask: root } = await under.tasks.nextTask({ nextTaskToRun: anyTask });
    const [group] = groupsOf(["left", "right"]).taskGroups;
    const subTasks = groupsOf(["left", "right", "last"]);
    assert.ok(group);
    subTasks.taskGroups = [
      group,
      {
        inputs: [Buffer.from("")],
        identifierPointers: [0n],
        clusterSlugPointers: [0n],
        displayPointers: [2n],
        maxRetriesValues: [0n],
        ...{ dependenciesOnOtherGroups: [0] },
      },
    ];
    await under.tasks.nextTask({ computedTask: { id: root?.id, subTasks } });
    const svg = await draw(under, { jobId: job.id });
    assert.equal(count(svg, boxes), 4);
    assert.equal(count(svg, /<path d="M[^"]*" fill="none" stroke="[^"]*" marker-end/g), 3);
    assert.equal(count(svg, /stroke-dasharray="5 4"/g), 2);
    assert.match(svg, />root &#38; &#60;only&#62;</);
    assert.doesNotMatch(svg, /<only>/);
    assert.match(svg, /1 queued|queued/);
    const wide = await draw(under, { jobId: job.id, renderOptions: { direction: "right" } });
    assert.ok(sizeOf(wide).width > sizeOf(svg).width && sizeOf(wide).height < sizeOf(svg).height);
    const dark = await draw(under, { jobId: job.id, theme: WorkflowDiagramTheme.DARK, includeJobName: true });
    assert.match(dark, /fill="#e6edf3"/);
    assert.match(dark, />job</);
  });

  test("of many tasks draws what is alike as one, and says so", async () => {
    await using under = await serveJobs();
    const names = Array.from({ length: 500 }, (_, index) => `leaf ${index}`);
    const job = await under.jobs.submitJob(submission(names));
    const svg = await draw(under, { jobId: job.id });
    assert.equal(count(svg, boxes), 1);
    assert.match(svg, /500 queued/);
    assert.match(svg, /500 tasks; those that are alike are drawn as one/);
  });

  test("stays bounded when nothing is alike", async () => {
    await using under = await serveJobs();
    const kinds = Array.from({ length: 300 }, (_, index) => ({ name: `Kind ${index}`, version: "v1.0" }));
    const base = groupsOf(kinds.map((kind) => kind.name));
    const [group] = base.taskGroups;
    assert.ok(group);
    const tasks = {
      ...base,
      identifierLookup: kinds,
      taskGroups: [{ ...group, identifierPointers: kinds.map((_, index) => BigInt(index)) }],
    };
    const job = await under.jobs.submitJob({ ...submission([]), tasks });
    const svg = await draw(under, { jobId: job.id });
    assert.ok(count(svg, boxes) <= 200);
    const queued = [...svg.matchAll(/>(\d+) queued</g)].reduce((sum, [, number]) => sum + Number(number), 0);
    assert.equal(queued + count(svg, />queued</g), 300, "every task is counted in some box");
  });
});

function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  return { width: Number(width), height: Number(height) };
}
