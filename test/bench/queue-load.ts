/** The load of the queue's measurements, in a process of its own: `node queue-load.ts LOAD`, as JSON. */
import { argv } from "node:process";
import { setTimeout as waitFor } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createApiClient } from "../../src/api/client.ts";
import { TaskSubmissionsSchema } from "../../src/api/gen/workflows/v1/core_pb.ts";
import { JobService, SubmitJobRequestSchema } from "../../src/api/gen/workflows/v1/job_pb.ts";
import {
  NextTaskRequestSchema,
  NextTaskResponseSchema,
  TaskService,
} from "../../src/api/gen/workflows/v1/task_pb.ts";
import { cpuSeconds } from "./cpu-seconds.ts";
import { connectGrpc, type GrpcConnection } from "./grpc-connection.ts";
import { startMeter } from "./meter.ts";
import { percentiles } from "./percentiles.ts";
import { startWarmUps } from "./queue-anchors.ts";

const identifiers = [{ name: "bench.Task", version: "v1.0" }];
const nextTaskPath = `/${TaskService.typeName}/${TaskService.method.nextTask.name}`;
const submitJobPath = `/${JobService.typeName}/${JobService.method.submitJob.name}`;

export interface Load {
  readonly mode: "drain" | "enqueue" | "latency";
  readonly clients: number;
  readonly seconds: number;
  /** Tasks that wait before `drain` begins. */
  readonly tasks: number;
  /** Control planes on one store; clients are spread over them. */
  readonly servers: readonly { readonly url: string; readonly pid: number }[];
  readonly postgresPid?: number | undefined;
}

const { mode, clients, seconds, tasks: waitingTasks, servers, postgresPid }: Load = JSON.parse(argv[2] ?? "");
const [{ url } = { url: "" }] = servers;
const runMs = seconds * 1_000;

function submission(tasks: number, input: string) {
  const column = <Value>(value: Value) => Array.from({ length: tasks }, () => value);
  return create(SubmitJobRequestSchema, {
    jobName: "bench",
    traceParent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
    tasks: create(TaskSubmissionsSchema, {
      taskGroups: [
        {
          inputs: column(Buffer.from(input)),
          identifierPointers: column(0n),
          clusterSlugPointers: column(0n),
          displayPointers: column(0n),
          maxRetriesValues: column(0n),
        },
      ],
      clusterSlugLookup: [""],
      identifierLookup: identifiers,
      displayLookup: ["Task"],
    }),
  });
}

async function fill(tasks: number): Promise<void> {
  const atOnce = 10_000;
  await using api = await createApiClient({ url, apiKey: undefined, env: {} });
  for (let made = 0; made < tasks; made += atOnce) {
    await api.jobs.submitJob(submission(atOnce, "x".repeat(100)));
  }
}

const idBytes = 16;
const ask = toBinary(
  NextTaskRequestSchema,
  create(NextTaskRequestSchema, { nextTaskToRun: { clusterSlug: "", identifiers } }),
);
const anyId = Buffer.alloc(idBytes, 0xff);
const report = Buffer.from(
  toBinary(
    NextTaskRequestSchema,
    create(NextTaskRequestSchema, {
      computedTask: { id: { uuid: anyId }, display: "Task" },
      nextTaskToRun: { clusterSlug: "", identifiers },
    }),
  ),
);
const idAt = report.indexOf(anyId);

function next(connection: GrpcConnection, done: Uint8Array | undefined): Promise<Buffer> {
  if (done === undefined) return connection.call(nextTaskPath, ask);
  report.set(done, idAt);
  return connection.call(nextTaskPath, report);
}

/**
 * The task's id where the answer holds one, without decoding the rest: next_task and its id are the first
 * field of their messages, and an id has one field.
 */
function taskIdOf(answer: Buffer): Uint8Array | undefined {
  const firstField = 0x0a;
  if (answer[0] !== firstField) return undefined;
  const idField = answer.indexOf(Buffer.from([firstField, idBytes + 2, firstField, idBytes]));
  return answer.subarray(idField + 4, idField + 4 + idBytes);
}

const connectAll = () =>
  Promise.all(
    Array.from({ length: clients }, (_, index) => connectGrpc(servers[index % servers.length]?.url ?? url)),
  );

/** Until what is called all the time is compiled: what is measured runs for months, not for seconds. */
const warmUpMs = 2_000;

/** Claims and completes as fast as it goes. */
async function drain(): Promise<object> {
  await fill(waitingTasks);
  const connections = await connectAll();
  await drainFor(warmUpMs, connections);
  const serverSeconds = () => servers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const stopMeter = startMeter(serverSeconds, postgresPid);
  const times = await drainFor(runMs, connections);
  const metered = stopMeter(times.length);
  for (const connection of connections) connection[Symbol.dispose]();
  return { ...metered, ...percentiles(times) };
}

/** @returns how long each call took, in milliseconds. */
async function drainFor(forMs: number, connections: readonly GrpcConnection[]): Promise<number[]> {
  const endMs = performance.now() + forMs;
  const times: number[] = [];
  await Promise.all(
    connections.map(async (connection) => {
      let task = taskIdOf(await next(connection, undefined));
      while (performance.now() < endMs && task !== undefined) {
        const startMs = performance.now();
        task = taskIdOf(await next(connection, task));
        times.push(performance.now() - startMs);
      }
    }),
  );
  return times;
}

/** Submits tasks as fast as it goes, one a job. */
async function enqueue(): Promise<object> {
  const connections = await connectAll();
  const message = toBinary(SubmitJobRequestSchema, submission(1, "x".repeat(100)));
  const endMs = performance.now() + runMs;
  let count = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (; performance.now() < endMs; count++) await connection.call(submitJobPath, message);
    }),
  );
  for (const connection of connections) connection[Symbol.dispose]();
  return { perSecond: (count / runMs) * 1_000 };
}

/** From the call that submits a task to the answer that hands it to a runner which has nothing to do. */
async function latency(): Promise<object> {
  const producer = await connectGrpc(url);
  const sent = new Map<string, number>();
  const times: number[] = [];
  let over = false;
  const connections = await connectAll();
  const runners = connections.map(async (connection) => {
    let done: Uint8Array | undefined;
    while (!over) {
      const answer = await next(connection, done);
      const nowMs = performance.now();
      const { nextTask, idling } = fromBinary(NextTaskResponseSchema, answer);
      const startMs = nextTask === undefined ? undefined : sent.get(Buffer.from(nextTask.input).toString());
      if (startMs !== undefined) times.push(nowMs - startMs);
      // An SDK sleeps only when it had nothing to report.
      if (nextTask === undefined && done === undefined) {
        await waitFor((idling?.suggestedIdlingDuration?.nanos ?? 0) / 1_000_000);
      }
      done = nextTask?.id?.uuid;
    }
  });
  await waitFor(1_500);
  const submit = async (index: number): Promise<void> => {
    const message = toBinary(SubmitJobRequestSchema, submission(1, String(index)));
    sent.set(String(index), performance.now());
    await producer.call(submitJobPath, message);
  };
  for (let index = 0; index < startWarmUps; index++) await submit(-index);
  await waitFor(500);
  times.length = 0;
  const endMs = performance.now() + runMs;
  for (let index = 1; performance.now() < endMs; index++) {
    await submit(index);
    await waitFor(5 + (index % 7) * 3);
  }
  await waitFor(100);
  over = true;
  producer[Symbol.dispose]();
  await Promise.all(runners);
  for (const connection of connections) connection[Symbol.dispose]();
  return { count: times.length, ...percentiles(times) };
}

console.log(JSON.stringify(await { drain, enqueue, latency }[mode]()));
