import type { LogRecord } from "../api/gen/opentelemetry/proto/logs/v1/logs_pb.ts";
import { messageOf, SystemError } from "../errors.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Readiness } from "./readiness.ts";
import { within } from "./within.ts";
import type { TaskOutcome, Worker, WorkerState, WorkerStop } from "./worker.ts";
import type { WorkerClient } from "./worker-client.ts";
import { describeExit, type WorkerExit, type WorkerProcess } from "./worker-process.ts";

/** A worker's death cuts its calls off before its exit is seen: a little, or longer on a machine that is short of time. */
const exitFollowsWithinMs = 5_000;

/** The parts of a started worker, as a Worker. */
export function runningWorker(
  process: WorkerProcess,
  endpoint: Endpoint,
  client: WorkerClient,
  ready: Readiness,
): Worker {
  let state: WorkerState = { kind: "ready" };
  const exited = process.exited.then((exit) => {
    state = { kind: "exited", exit };
    client[Symbol.dispose]();
    endpoint[Symbol.dispose]();
    return exit;
  });

  const worker: Worker = {
    generation: ready.generation,
    pid: process.pid,
    tasks: ready.tasks,
    exited,
    state: () => state,
    output: process.output,
    initialize: async (request) => {
      try {
        await client.rpc.initializeWorker(request);
      } catch (error) {
        throw await initializeError(process, client, error);
      }
    },
    execute: (task, signal) =>
      client.rpc
        .executeTask(task, signal === undefined ? {} : { signal })
        .then(({ computedTask, failedTask }): TaskOutcome => {
          if (computedTask !== undefined) return { kind: "computed", task: computedTask };
          if (failedTask !== undefined) return { kind: "failed", task: failedTask };
          return { kind: "refused", reason: "the worker's answer held neither a result nor a failure" };
        })
        .catch((error: unknown) => lostTask(process, client, error, signal)),
    watchLogs: (signal) => logRecords(process, client, ready, signal),
    stop: async ({ graceMs, terminateMs }) => {
      if (state.kind === "ready") state = { kind: "stopping" };
      const how = await end(process, client, graceMs, terminateMs);
      await exited;
      return how;
    },
    [Symbol.asyncDispose]: async () => {
      process.kill();
      await exited;
    },
  };
  return worker;
}

/** Ask, terminate, kill: each step only when the one before it took too long. */
async function end(
  process: WorkerProcess,
  client: WorkerClient,
  graceMs: number,
  terminateMs: number,
): Promise<WorkerStop> {
  // Its answer comes after the running tasks, or never: the exit is what counts.
  client.rpc.shutdownWorker({}).catch(() => {});
  if (await within(process.exited, graceMs)) return "asked";
  process.signal("SIGTERM");
  if (await within(process.exited, terminateMs)) return "terminated";
  process.kill();
  await process.exited;
  return "killed";
}

/** A status code cannot tell a dead worker from a call that the caller gave up: its exit can. */
async function exitAfter(
  process: WorkerProcess,
  client: WorkerClient,
  error: unknown,
): Promise<WorkerExit | undefined> {
  if (client.cutOff(error)) await within(process.exited, exitFollowsWithinMs);
  return process.exit();
}

async function lostTask(
  process: WorkerProcess,
  client: WorkerClient,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<TaskOutcome> {
  if (signal?.aborted === true && process.exit() === undefined) return { kind: "abandoned" };
  const exit = await exitAfter(process, client, error);
  if (exit !== undefined) return { kind: "died", exit };
  return { kind: "refused", reason: messageOf(error) };
}

async function initializeError(
  process: WorkerProcess,
  client: WorkerClient,
  error: unknown,
): Promise<SystemError> {
  const exit = await exitAfter(process, client, error);
  const what = exit === undefined ? "refused to be initialised" : `ended with ${describeExit(exit)}`;
  return new SystemError("worker-lost", `The worker ${what} when it was initialised`, { cause: error });
}

async function* logRecords(
  process: WorkerProcess,
  client: WorkerClient,
  ready: Readiness,
  signal: AbortSignal,
): AsyncGenerator<LogRecord> {
  if (ready.generation === "legacy") return;
  try {
    yield* client.rpc.watchLogs({}, { signal });
  } catch (error) {
    if (signal.aborted || (await exitAfter(process, client, error)) !== undefined) return;
    throw new SystemError("worker-lost", "The worker's log stream broke off", { cause: error });
  }
}
