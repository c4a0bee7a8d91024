/**
 * The task queue over gRPC, durable (every answer after an fsync): tasks completed and claimed a second in
 * one call each, jobs submitted a second, and the time from a submit to its start on a runner that waits.
 * Server and load are processes of their own. `npm run bench -- queue`
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startControlPlaneProcess } from "../support/control-plane-process.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const rounds = 3;
const clientCounts = [1, 4, 16];
const seconds = 3;
const load = fileURLToPath(new URL("queue-load.ts", import.meta.url));

export interface QueueMeasurement {
  readonly clients: number;
  readonly nextTaskPerSecond: number;
  readonly nextTaskP99Ms: number;
  readonly submitPerSecond: number;
  /** From the call that submits to the answer that hands the task out. */
  readonly startP50Ms: number;
  readonly startP99Ms: number;
  /** Of the server, a NextTask; NaN where /proc does not tell. */
  readonly serverCpuUs: number;
}

/** Medians of rounds; each measurement has a control plane and a data folder of its own. */
export async function measureQueue(): Promise<QueueMeasurement[]> {
  const measured: QueueMeasurement[] = [];
  for (const clients of clientCounts) {
    const drains = await repeat(() => run("drain", clients));
    const enqueues = await repeat(() => run("enqueue", clients));
    const starts = await repeat(() => run("latency", clients));
    measured.push({
      clients,
      nextTaskPerSecond: median(drains.map((round) => round.perSecond)),
      nextTaskP99Ms: median(drains.map((round) => round.p99Ms)),
      submitPerSecond: median(enqueues.map((round) => round.perSecond)),
      startP50Ms: median(starts.map((round) => round.p50Ms)),
      startP99Ms: median(starts.map((round) => round.p99Ms)),
      serverCpuUs: median(drains.map((round) => round.serverCpuUs)),
    });
  }
  return measured;
}

/** Prints what was measured. */
export async function benchQueue(): Promise<void> {
  console.log("clients  NextTask/s  p99 ms  submit/s  start p50 ms  p99 ms  server us/NextTask");
  for (const row of await measureQueue()) {
    console.log(
      [
        String(row.clients).padStart(7),
        row.nextTaskPerSecond.toFixed(0).padStart(11),
        row.nextTaskP99Ms.toFixed(1).padStart(7),
        row.submitPerSecond.toFixed(0).padStart(9),
        row.startP50Ms.toFixed(2).padStart(13),
        row.startP99Ms.toFixed(2).padStart(7),
        row.serverCpuUs.toFixed(0).padStart(19),
      ].join(" "),
    );
  }
}

interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverCpuUs: number;
}

async function run(mode: "drain" | "enqueue" | "latency", clients: number): Promise<Round> {
  await using folder = await createScratchFolder();
  await using server = await startControlPlaneProcess(folder.path, "none");
  const args = [load, server.url, mode, String(clients), String(seconds), String(server.pid)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

async function repeat<Value>(measure: () => Promise<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for (let round = 0; round < rounds; round++) values.push(await measure());
  return values;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
