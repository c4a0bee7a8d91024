/** The load of the queue's measurements, in a process of its own: `node queue-load.ts URL MODE CLIENTS SECONDS PID`. */
import { argv } from "node:process";
import { setTimeout as waitFor } from "node:timers/promises";
import type { Task } from "../../src/api/gen/workflows/v1/core_pb.ts";
import { JobService } from "../../src/api/gen/workflows/v1/job_pb.ts";
import { TaskService } from "../../src/api/gen/workflows/v1/task_pb.ts";
import { cpuSeconds } from "./cpu-seconds.ts";
import { connectGrpc, type GrpcConnection } from "./grpc-connection.ts";
import { percentiles } from "./percentiles.ts";

const identifiers = [{ name: "bench.Task", version: "v1.0" }];
const method = <Service extends typeof JobService | typeof TaskService, Name extends keyof Service["method"]>(
  service: Service,
  name: Name,
) => {
  const found = service.method[name as keyof typeof service.method] as Service["method"][Name] & {
    readonly name: string;
  };
  return { ...found, path: `/${service.typeName}/${found.name}` };
};
const nextTask = method(TaskService, "nextTask");
const submitJob = method(JobService, "submitJob");

const [url = "", mode = "", clientsText = "1", secondsText = "2", serverPid = "0"] = argv.slice(2);
const clients = Number(clientsText);
const runMs = Number(secondsText) * 1_000;

function submit(connection: GrpcConnection, tasks: number, input: string): Promise<unknown> {
  const column = <Value>(value: Value) => Array.from({ length: tasks }, () => value);
  return connection.call(submitJob, {
    jobName: "bench",
    traceParent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
    tasks: {
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
    },
  });
}

async function next(
  connection: GrpcConnection,
  done: Task | undefined,
): Promise<{ task?: Task; sleepMs: number }> {
  const { nextTask: task, idling } = await connection.call(nextTask, {
    ...(done?.id === undefined ? {} : { computedTask: { id: done.id, display: done.display } }),
    nextTaskToRun: { clusterSlug: "", identifiers },
  });
  const sleepMs = Number(idling?.suggestedIdlingDuration?.nanos ?? 0) / 1_000_000;
  return task === undefined ? { sleepMs } : { task, sleepMs };
}

/** Claims and completes as fast as it goes; returns calls a second. */
async function drain(): Promise<object> {
  const connections = Array.from({ length: clients }, () => connectGrpc(url));
  const [first] = connections;
  for (let made = 0; made < 200_000 && first !== undefined; made += 10_000)
    await submit(first, 10_000, "x".repeat(100));
  const cpuBefore = cpuSeconds(Number(serverPid));
  const endMs = performance.now() + runMs;
  const times: number[] = [];
  await Promise.all(
    connections.map(async (connection) => {
      let { task } = await next(connection, undefined);
      while (performance.now() < endMs && task !== undefined) {
        const startMs = performance.now();
        ({ task } = await next(connection, task));
        times.push(performance.now() - startMs);
      }
    }),
  );
  const serverCpuUs = ((cpuSeconds(Number(serverPid)) - cpuBefore) * 1_000_000) / times.length;
  for (const connection of connections) connection[Symbol.dispose]();
  return { perSecond: (times.length / runMs) * 1_000, ...percentiles(times), serverCpuUs };
}

/** Submits tasks as fast as it goes, one a job. */
async function enqueue(): Promise<object> {
  const connections = Array.from({ length: clients }, () => connectGrpc(url));
  const endMs = performance.now() + runMs;
  let count = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (; performance.now() < endMs; count++) await submit(connection, 1, "x".repeat(100));
    }),
  );
  for (const connection of connections) connection[Symbol.dispose]();
  return { perSecond: (count / runMs) * 1_000 };
}

/** From the call that submits a task to the answer that hands it to a runner which has nothing to do. */
async function latency(): Promise<object> {
  const producer = connectGrpc(url);
  const sent = new Map<string, number>();
  const times: number[] = [];
  let over = false;
  const runners = Array.from({ length: clients }, async () => {
    const connection = connectGrpc(url);
    let done: Task | undefined;
    while (!over) {
      const { task, sleepMs } = await next(connection, done);
      const startMs = task === undefined ? undefined : sent.get(Buffer.from(task.input).toString());
      if (startMs !== undefined) times.push(performance.now() - startMs);
      // An SDK sleeps only when it had nothing to report.
      if (task === undefined && done === undefined) await waitFor(sleepMs);
      done = task;
    }
    connection[Symbol.dispose]();
  });
  await waitFor(1_500);
  const endMs = performance.now() + runMs;
  for (let index = 0; performance.now() < endMs; index++) {
    sent.set(String(index), performance.now());
    await submit(producer, 1, String(index));
    await waitFor(5 + (index % 7) * 3);
  }
  await waitFor(100);
  over = true;
  producer[Symbol.dispose]();
  await Promise.all(runners);
  return { count: times.length, ...percentiles(times) };
}

const modes: Readonly<Record<string, () => Promise<object>>> = { drain, enqueue, latency };
console.log(JSON.stringify(await modes[mode]?.()));
