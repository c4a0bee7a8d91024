import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { ApiClient } from "../../src/api/client.ts";
import { type Job, JobState } from "../../src/api/gen/workflows/v1/core_pb.ts";
import { submitJob } from "../../src/jobs/submit.ts";
import { waitForJob } from "../../src/jobs/wait.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { deployRelease, type MadeRelease, publishProject } from "../support/deployed-release.ts";
import { startTestRunner } from "../support/release-runner.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject } from "../support/scratch-project.ts";
import { effectsFile, readEffects, unruly } from "../support/unruly.ts";

let server: TestControlPlane;
let admin: ApiClient;
let runnerKey: string;
let scratch: ScratchFolder;
let release: MadeRelease;

before(async () => {
  server = await startControlPlane();
  admin = await server.client("admin");
  runnerKey = await server.createKey("runner");
  scratch = await createScratchFolder();
  await using project = await createScratchProject("unruly");
  release = await publishProject(admin, project, unruly);
});

after(async () => {
  admin[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
  assert.deepEqual(server.failures, []);
});

async function newCluster(name: string): Promise<string> {
  await admin.workflows.createCluster({ name, slug: name });
  return name;
}

function submit(cluster: string, task: string, input: unknown, maxRetries = 0): Promise<Job> {
  const job = {
    name: task,
    task: { name: `unruly/${task}`, version: "v1.0" },
    input: new Uint8Array(Buffer.from(JSON.stringify(input))),
    cluster,
    maxRetries,
  };
  return submitJob(admin, job, randomBytes, new AbortController().signal);
}

async function end(job: Job, limitMs = 60_000): Promise<Job> {
  assert.ok(job.id);
  return await waitForJob(admin, job.id, AbortSignal.timeout(limitMs));
}

describe("a release runner", () => {
  it("runs a job of the release that is deployed to its cluster", async () => {
    const cluster = await newCluster("runs");
    await using runner = await startTestRunner({
      url: server.url,
      apiKey: runnerKey,
      cluster,
      concurrency: 3,
    });
    await deployRelease(admin, release, cluster);
    const effects = effectsFile(scratch.path);
    const job = await end(await submit(cluster, "Tree", { effects, width: 5, seconds: 0.05 }));
    assert.equal(job.state, JobState.COMPLETED);
    const labels = (await readEffects(effects))
      .filter(({ kind }) => kind === "end")
      .map(({ label }) => label);
    assert.deepEqual(labels.toSorted(), ["last", "leaf0", "leaf1", "leaf2", "leaf3", "leaf4"]);
    assert.equal(labels.at(-1), "last");
    runner.runner.drain("the test is over");
    await runner.runner.ended;
  });
});
