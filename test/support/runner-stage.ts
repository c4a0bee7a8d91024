/** A control plane with the sample project `unruly` published on it, and one data folder for its runners. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { HttpApiClient } from "../../src/api/client.ts";
import type { ID } from "../../src/api/gen/tilebox/v1/id_pb.ts";
import type { Job } from "../../src/api/gen/workflows/v1/core_pb.ts";
import type { TaskSummary } from "../../src/api/gen/workflows/v1/job_pb.ts";
import { submitJob } from "../../src/jobs/submit.ts";
import { waitForJob } from "../../src/jobs/wait.ts";
import { startControlPlane, type TestControlPlane } from "./control-plane.ts";
import { deployRelease, type MadeRelease, publishProject, type ReleaseToMake } from "./deployed-release.ts";
import { startTestRunner, type TestRunner, type TestRunnerOptions } from "./release-runner.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import { createScratchProject, type Edits, type SampleName } from "./scratch-project.ts";
import { unruly } from "./unruly.ts";

export interface RunnerStage extends AsyncDisposable {
  readonly server: TestControlPlane;
  readonly admin: HttpApiClient;
  readonly runnerKey: string;
  /** Of the project `unruly` as it is. */
  readonly release: MadeRelease;
  readonly folder: string;
  /** A cluster of its own for one test, with these releases. */
  cluster(name: string, ...releases: readonly MadeRelease[]): Promise<string>;
  publish(sample: SampleName, edits: Edits, made: ReleaseToMake): Promise<MadeRelease>;
  /** On a data folder that all runners of the stage share: one at a time. */
  runner(cluster: string, options?: Partial<TestRunnerOptions>): Promise<TestRunner>;
  /** A job of one task of `unruly`, or of another identifier. */
  submit(cluster: string, task: string, input: unknown, maxRetries?: number): Promise<Job>;
  end(job: Job, limitMs?: number): Promise<Job>;
  rootTask(job: Job): Promise<TaskSummary>;
}

export async function createRunnerStage(): Promise<RunnerStage> {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await createScratchFolder());
  const server = stack.use(await startControlPlane());
  const admin = stack.use(await server.client("admin"));
  const runnerKey = await server.createKey("runner");
  const publish = async (sample: SampleName, edits: Edits, made: ReleaseToMake) => {
    await using project = await createScratchProject(sample, edits);
    return await publishProject(admin, project, made);
  };
  const release = await publish("unruly", {}, unruly);
  const owned = stack.move();
  return {
    server,
    admin,
    runnerKey,
    release,
    folder: scratch.path,
    publish,
    async cluster(name, ...releases) {
      await admin.workflows.createCluster({ name, slug: name });
      for (const one of releases) await deployRelease(admin, one, name);
      return name;
    },
    runner: (cluster, options = {}) =>
      startTestRunner({ url: server.url, apiKey: runnerKey, cluster, dataFolder: scratch.path, ...options }),
    submit(cluster, task, input, maxRetries = 0) {
      const name = task.includes("/") ? task : `unruly/${task}`;
      const job = {
        name: task,
        task: { name, version: "v1.0" },
        input: new Uint8Array(Buffer.from(JSON.stringify(input))),
        cluster,
        maxRetries,
      };
      return submitJob(admin, job, randomBytes, new AbortController().signal);
    },
    end: (job, limitMs = 60_000) => waitForJob(admin, idOf(job), AbortSignal.timeout(limitMs)),
    async rootTask(job) {
      const { page } = await admin.jobs.listJobTasks({ jobId: idOf(job) });
      const [task] = page?.tasks ?? [];
      assert.ok(task);
      return task;
    },
    [Symbol.asyncDispose]: async () => {
      await owned.disposeAsync();
      assert.deepEqual(server.failures, []);
    },
  };
}

function idOf(job: Job): ID {
  assert.ok(job.id);
  return job.id;
}
