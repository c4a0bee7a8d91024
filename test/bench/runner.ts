/**
 * What a release runner adds to running tasks: a job of leaf tasks through it against calling ExecuteTask of
 * the same worker in a bare loop, at the same concurrency, in the same run.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import { JobState, TaskSchema, TaskSubmissionsSchema } from "../../src/api/gen/workflows/v1/core_pb.ts";
import { createIdSource } from "../../src/engine/id.ts";
import { filesFolderOf } from "../../src/runner/release-folders.ts";
import { startReleaseWorker } from "../../src/runner/start-release-worker.ts";
import { createKey } from "../../src/server/auth.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { createWatchdog } from "../../src/worker/watchdog.ts";
import { startControlPlaneProcess } from "../support/control-plane-process.ts";
import { deployRelease, type MadeRelease, publishProject } from "../support/deployed-release.ts";
import { startTestRunner, type TestRunner } from "../support/release-runner.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject } from "../support/scratch-project.ts";
import { unruly } from "../support/unruly.ts";
import { cpuSeconds } from "./cpu-seconds.ts";

const tasks = 10_000;
const concurrency = 4;
const usualRounds = 3;
const lookMs = 5;
const identifier = { name: "unruly/Nothing", version: "v1.0" };
const traceParent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
const random = (sizeBytes: number) => randomBytes(sizeBytes);

/** Processor time of a task, in microseconds. */
interface Cpu {
  readonly server: number;
  readonly runner: number;
}

/**
 * Prints the ratio of the medians, and what processor time the tasks took: on a machine whose cores are all
 * busy that is the steadier figure. The control plane is a process of its own, the runner and the loop are
 * this one; both have a worker beside them.
 */
export async function benchRunner(part: string | undefined): Promise<void> {
  const rounds = Number(part ?? usualRounds);
  if (!(Number.isSafeInteger(rounds) && rounds > 0)) throw new TypeError(`${part} is no number of rounds`);
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createScratchFolder());
  const apiKey = await makeKey(folder.path);
  const plane = stack.use(await startControlPlaneProcess(folder.path, "keys"));
  const api = stack.use(await createApiClient({ url: plane.url, apiKey, env: {} }));
  await api.workflows.createCluster({ name: "bench", slug: "bench" });
  const project = stack.use(await createScratchProject("unruly"));
  const release = await publishProject(api, project, unruly);
  await deployRelease(api, release, "bench");
  const options = { url: plane.url, apiKey, cluster: "bench", dataFolder: folder.path, concurrency };
  const throughRunner: number[] = [];
  const cpus: Cpu[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round++) {
    {
      await using runner = await startTestRunner(options);
      await runner.event("worker-ready");
      const before = cpuNow(plane.pid);
      throughRunner.push(await runJob(api, runner));
      const after = cpuNow(plane.pid);
      cpus.push({ server: after.server - before.server, runner: after.runner - before.runner });
    }
    bare.push(await bareLoop(plane.url, apiKey, folder.path, release));
    console.error(`round ${round + 1}: ${throughRunner.at(-1)?.toFixed(0)} / ${bare.at(-1)?.toFixed(0)} ms`);
  }
  const [ours, loop] = [median(throughRunner), median(bare)];
  console.log(`${tasks} leaf tasks, ${concurrency} at once:`);
  console.log(`  bare ExecuteTask loop  ${loop.toFixed(0).padStart(6)} ms (${perSecond(loop)} a second)`);
  console.log(`  through the runner     ${ours.toFixed(0).padStart(6)} ms (${perSecond(ours)} a second)`);
  const usOf = (process: keyof Cpu) => median(cpus.map((cpu) => cpu[process])).toFixed(0);
  console.log(`  processor time of a task: server ${usOf("server")} us, runner ${usOf("runner")} us`);
  console.log(`  the runner takes ${(ours / loop).toFixed(2)} times as long`);
}

function cpuNow(serverPid: number): Cpu {
  const { user, system } = process.cpuUsage();
  return { server: (cpuSeconds(serverPid) * 1e6) / tasks, runner: (user + system) / tasks };
}

async function makeKey(dataFolder: string): Promise<string> {
  const store = await openSqliteStore({ dataFolder, clock: Date.now, random, role: "command" });
  const { secret } = await createKey(store.keys, { name: "bench", role: "admin" }, random);
  await store.close();
  return secret;
}

async function runJob(api: HttpApiClient, { events }: TestRunner): Promise<number> {
  const column = <Value>(value: Value) => Array.from({ length: tasks }, () => value);
  const startedMs = performance.now();
  const { id } = await api.jobs.submitJob({
    jobName: "bench",
    traceParent,
    tasks: create(TaskSubmissionsSchema, {
      taskGroups: [
        {
          inputs: column(new Uint8Array()),
          identifierPointers: column(0n),
          clusterSlugPointers: column(0n),
          displayPointers: column(0n),
          maxRetriesValues: column(0n),
        },
      ],
      clusterSlugLookup: ["bench"],
      identifierLookup: [identifier],
      displayLookup: ["Nothing"],
    }),
  });
  if (id === undefined) throw new TypeError("a job without an id");
  // Asking the control plane all the time would be work of its own: the runner knows when it is nearly done.
  for (let ended = 0, seen = 0; ended < tasks; await delay(lookMs)) {
    for (; seen < events.length; seen++) if (events[seen]?.kind === "task-ended") ended++;
  }
  while ((await api.jobs.getJob({ jobId: id })).state !== JobState.COMPLETED) await delay(lookMs);
  return performance.now() - startedMs;
}

async function bareLoop(url: string, token: string, folder: string, release: MadeRelease): Promise<number> {
  await using worker = await startReleaseWorker({
    release: { ...release, ...unruly },
    folder: filesFolderOf(`${folder}/runner`, release.digest),
    runnerId: createIdSource({ clock: Date.now, random }).next<"runner">(),
    cluster: "bench",
    connection: { url, token },
    environment: process.env,
    limits: { environmentMs: 120_000, importMs: 120_000 },
    watchdog: createWatchdog(),
    signal: new AbortController().signal,
  });
  let left = tasks;
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) {
        const job = { id: { uuid: random(16) }, name: "bench", traceParent };
        const task = create(TaskSchema, { id: { uuid: random(16) }, identifier, display: "Nothing", job });
        const outcome = await worker.execute(task);
        if (outcome.kind !== "computed") throw new Error(`a task was ${outcome.kind}`);
      }
    }),
  );
  return performance.now() - startedMs;
}

function perSecond(ms: number): number {
  return Math.round((tasks / ms) * 1_000);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
