/**
 * The task queue over gRPC, durable (every answer after an fsync): tasks completed and claimed a second in
 * one call each, jobs submitted a second, and the time from a submit to its start on a runner that waits;
 * against graphile-worker and pg-boss, where PostgreSQL is installed. Server and load are processes of their
 * own. `npm run bench -- queue`
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startControlPlaneProcess } from "../support/control-plane-process.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { startPostgres } from "./postgres.ts";
import { bossRate, graphileRate, graphileStart } from "./queue-anchors.ts";
import { measureQueueDepth } from "./queue-depth.ts";
import { median } from "./side-by-side.ts";

const rounds = 3;
const clientCounts = [1, 4, 16];
const seconds = 3;
const load = fileURLToPath(new URL("queue-load.ts", import.meta.url));

interface QueueMeasurement {
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
async function measureQueue(): Promise<QueueMeasurement[]> {
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
  const measured = await measureQueue();
  console.log("clients  NextTask/s  p99 ms  submit/s  start p50 ms  p99 ms  server us/NextTask");
  for (const row of measured) {
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
  await compareWithPostgres();
  const depth = await measureQueueDepth();
  console.log(
    `\nwith a million tasks queued instead of a thousand: ${depth.queued.toFixed(2)} times as long`,
  );
  console.log(`with a million tasks done: ${depth.done.toFixed(2)} times as long`);
}

const comparedClients = 16;
const comparedJobs = 6_000;

/** In turns, so that whatever else the machine does hits all alike. */
async function compareWithPostgres(): Promise<void> {
  using postgres = startPostgres();
  if (postgres === undefined) {
    console.log("\nPostgreSQL is not installed, so there is nothing to compare with");
    return;
  }
  const rates: { graphile: number; boss: number; ours: number }[] = [];
  const starts: { graphile: Start; ours: Start }[] = [];
  for (let round = 0; round < rounds; round++) {
    rates.push({
      graphile: await graphileRate(postgres, comparedClients, comparedJobs),
      boss: await bossRate(postgres, comparedClients, comparedJobs / 2),
      ours: (await run("drain", comparedClients)).perSecond,
    });
    starts.push({ graphile: await graphileStart(postgres, 1, 200), ours: await run("latency", 1) });
  }
  const rate = (name: "graphile" | "boss" | "ours") => median(rates.map((round) => round[name]));
  console.log(`\n${comparedClients} workers, jobs claimed and completed a second:`);
  console.log(
    `  graphile-worker ${rate("graphile").toFixed(0)}, pg-boss ${rate("boss").toFixed(0)}, ours ${rate("ours").toFixed(0)}`,
  );
  const ratio = (other: "graphile" | "boss") =>
    median(rates.map((round) => round.ours / round[other])).toFixed(2);
  console.log(`  ours is ${ratio("graphile")} times graphile-worker, ${ratio("boss")} times pg-boss`);
  const start = (of: "p50Ms" | "p99Ms") =>
    median(starts.map(({ ours, graphile }) => ours[of] / graphile[of])).toFixed(2);
  console.log(
    `from submit to start, one worker: p50 ${start("p50Ms")} times, p99 ${start("p99Ms")} times graphile-worker's`,
  );
}

interface Start {
  readonly p50Ms: number;
  readonly p99Ms: number;
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
