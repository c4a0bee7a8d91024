import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { exitCodes } from "../../src/exit-codes.ts";
import type { JobView } from "../../src/jobs/job-view.ts";
import type { TaskTree } from "../../src/jobs/tree.ts";
import { runSource } from "../support/cli-source.ts";
import type { TestRunner } from "../support/release-runner.ts";
import { createRunnerStage, type RunnerStage } from "../support/runner-stage.ts";
import { effectsFile } from "../support/unruly.ts";

let stage: RunnerStage;
let runner: TestRunner;
let key: string;

before(async () => {
  stage = await createRunnerStage();
  const cluster = await stage.cluster("jobs", stage.release);
  const tiles = await stage.publish(
    "tiles",
    {},
    {
      workflow: "tiles",
      entrypoint: { kind: "runner", objectPath: "tiles:runner" },
      tasks: ["Flaky", "Join", "Mosaic", "Preview", "Tile"].map((name) => ({
        name: `tiles/${name}`,
        version: name === "Mosaic" ? "v1.2" : "v1.0",
      })),
    },
  );
  await stage.cluster("other");
  const { deployRelease } = await import("../support/deployed-release.ts");
  await deployRelease(stage.admin, tiles, cluster);
  runner = await stage.runner(cluster, { concurrency: 2 });
  key = await stage.server.createKey("runner");
  await runner.event("worker-ready", ({ release }) => release.workflow === "tiles");
});

after(async () => {
  await runner[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const run = (...args: string[]) =>
  runSource(["job", ...args, "--api-url", stage.server.url], { TILEBOX_API_KEY: key });

async function json<T>(...args: string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await run(...args, "--json");
  assert.equal(exitCode, exitCodes.ok, stderr);
  return JSON.parse(stdout) as T;
}

describe("workflow-release job", () => {
  it("submits a job, waits for it, and shows it, its tree and its logs", async () => {
    const input = JSON.stringify({ columns: 2, rows: 2 });
    const where = ["--input", input, "--cluster", "jobs"];
    const { stdout, stderr } = await run("submit", "tiles/Mosaic@v1.0", ...where, "--wait", "--json");
    const job: JobView = JSON.parse(stdout);
    assert.match(stderr, new RegExp(`^Submitted job ${job.id}$`, "m"));
    assert.equal(job.state, "completed");
    assert.deepEqual(job.tasks, { computed: 7 });
    assert.deepEqual(job.progress, [{ label: "tiles", total: 4, done: 4 }]);
    assert.deepEqual(await json("get", job.id), job);
    const { stdout: text } = await run("tree", job.id);
    assert.match(text, /^TASK +STATE +TRIES +TIME\nMosaic +computed +1 /);
    assert.match(text, /^ ├─ Tile\(0,0\) \w+ +computed/m);
    assert.match(text, /^ └─ \w+ +computed/m);
    const tree = await json<TaskTree>("tree", job.id);
    assert.equal(tree.roots[0]?.children.length, 6);
    assert.equal(tree.cut, false);
    assert.equal((await json<TaskTree>("tree", job.id, "--limit", "3")).cut, true);
    const told = async () => (await run("logs", job.id)).stdout;
    for (let tries = 0; tries < 40 && !(await told()).includes("Joined"); tries++) await pause(250);
    assert.match(await told(), /^\S+Z INFO {4}Cutting the area columns=2 rows=2$/m);
  });

  it("fails with the traceback when the job it waits for does", async () => {
    const input = JSON.stringify({ effects: effectsFile(stage.folder), how: "raise_error" });
    const { exitCode, stderr } = await run(
      ...["submit", "unruly/Misbehave@v1.0", "--input", input, "--cluster", "jobs", "--wait"],
    );
    assert.equal(exitCode, exitCodes.failed);
    assert.match(stderr, /has failed/);
    assert.match(stderr, /unruly\.py", line \d+, in raise_error/);
    assert.match(stderr, /workflow-release job retry/);
  });

  it("retries a failed job and cancels one that waits", async () => {
    const failing = JSON.stringify({ effects: effectsFile(stage.folder), how: "raise_error" });
    const submitted = await json<JobView>(
      ...["submit", "unruly/Misbehave@v1.0", "--input", failing, "--cluster", "jobs"],
    );
    assert.equal((await run("get", submitted.id, "--wait")).exitCode, exitCodes.failed);
    assert.deepEqual(await json("retry", submitted.id), { rescheduledTasks: 1 });
    const waiting = await json<JobView>("submit", "unruly/Note@v1.0", "--cluster", "other");
    assert.equal(waiting.state, "submitted");
    await json("cancel", waiting.id);
    assert.equal((await json<JobView>("get", waiting.id)).state, "canceled");
  });

  it("says why a job waits", async () => {
    const why = async (task: string, cluster: string) => {
      const { id } = await json<JobView>("submit", task, "--cluster", cluster);
      const { stdout } = await run("why", id);
      await json("cancel", id);
      return stdout;
    };
    assert.match(await why("unruly/Note@v1.0", "other"), /no runner asks for tasks of the cluster other/);
    assert.match(
      await why("unruly/Note@v1.0", "other"),
      /no release on the cluster other has a task unruly\/Note/,
    );
    assert.match(await why("unruly/Nowhere@v1.0", "jobs"), /no release on the cluster jobs has a task/);
    assert.match(await why("unruly/Note@v2.0", "jobs"), /only another major version: v1\.0/);
    assert.match(
      await why("unruly/Note@v1.3", "jobs"),
      /wants version v1\.3 or a newer minor one.*only v1\.0/,
    );
    const waiting = await json<JobView>("submit", "unruly/Note@v1.0", "--cluster", "other");
    await json("cancel", waiting.id);
    assert.match((await run("why", waiting.id)).stdout, /the job was canceled/);
  });

  it("refuses what cannot be right before anything is sent", async () => {
    for (const args of [
      ["submit", "unruly/Note"],
      ["submit", "unruly/Note@v1.0", "--input", "{"],
      ["submit", "unruly/Note@v1.0", "--input", "1", "--input-file", "x"],
      ["submit", "unruly/Note@v1.0", "--input-file", "/nowhere.json"],
      ["get", "7"],
    ]) {
      assert.equal((await run(...args)).exitCode, exitCodes.usage, args.join(" "));
    }
    assert.equal((await run("get", "019acba6-f5fa-7e90-8106-aaaaaaaaaaaa")).exitCode, exitCodes.failed);
  });
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
