/**
 * The task queue over gRPC, durable (every answer after an fsync): tasks completed and claimed a second in
 * one call each, jobs submitted a second, and the time from a submit to its start on a runner that waits;
 * against graphile-worker and pg-boss. Server and load are processes of their
 * own. `npm run bench -- queue [clients|rate|start|shared|depth|boot]`
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startControlPlaneProcess } from "../support/control-plane-process.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { bossRate, graphileRate, graphileStart } from "./queue-anchors.ts";
import { printBoot } from "./queue-boot.ts";
import { measureQueueDepth } from "./queue-depth.ts";
import { median } from "./side-by-side.ts";

const parts: Readonly<Record<string, () => Promise<void>>> = {
  clients: printClients,
  rate: () => withPostgres(compareRates),
  start: () => withPostgres(compareStarts),
  shared: () => withPostgres(compareShared),
  depth: printDepth,
  boot: printBoot,
};

/** Prints what was measured: all of it, or one part. */
export async function benchQueue(part?: string): Promise<void> {
  const chosen = part === undefined ? Object.values(parts) : [parts[part]];
  for (const print of chosen) {
    if (print === undefined) throw new Error(`the parts are ${Object.keys(parts).join(", ")}`);
    await print();
  }
}

const rounds = 3;
const clientCounts = [1, 4, 16];
const seconds = 3;
const load = fileURLToPath(new URL("queue-load.ts", import.meta.url));

/** Medians of rounds; each measurement has a control plane and a data folder of its own. */
async function printClients(): Promise<void> {
  console.log("clients  NextTask/s  p99 ms  submit/s  start p50 ms  p99 ms  server us/NextTask");
  for (const clients of clientCounts) {
    const drains = await repeat(() => run("drain", clients));
    const enqueues = await repeat(() => run("enqueue", clients));
    const starts = await repeat(() => run("latency", clients));
    console.log(
      [
        String(clients).padStart(7),
        median(drains.map((round) => round.perSecond))
          .toFixed(0)
          .padStart(11),
        median(drains.map((round) => round.p99Ms))
          .toFixed(1)
          .padStart(7),
        median(enqueues.map((round) => round.perSecond))
          .toFixed(0)
          .padStart(9),
        median(starts.map((round) => round.p50Ms))
          .toFixed(2)
          .padStart(13),
        median(starts.map((round) => round.p99Ms))
          .toFixed(2)
          .padStart(7),
        // Of the server, where /proc tells.
        median(drains.map((round) => round.serverCpuUs))
          .toFixed(0)
          .padStart(19),
      ].join(" "),
    );
  }
}

const comparedClients = 16;
const comparedJobs = 6_000;
const startedJobs = 200;

/** In turns, so that whatever else the machine does hits all alike. */
async function compareRates(postgres: PostgresServer): Promise<void> {
  const measured: { graphile: number; boss: number; ours: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    measured.push({
      graphile: await graphileRate(postgres, comparedClients, comparedJobs),
      boss: await bossRate(postgres, comparedClients, comparedJobs / 2),
      ours: (await run("drain", comparedClients)).perSecond,
    });
  }
  const rate = (name: "graphile" | "boss" | "ours") =>
    median(measured.map((round) => round[name])).toFixed(0);
  const ratio = (other: "graphile" | "boss") =>
    median(measured.map((round) => round.ours / round[other])).toFixed(2);
  console.log(`\n${comparedClients} workers, jobs claimed and completed a second:`);
  console.log(`  graphile-worker ${rate("graphile")}, pg-boss ${rate("boss")}, ours ${rate("ours")}`);
  console.log(`  ours is ${ratio("graphile")} times graphile-worker, ${ratio("boss")} times pg-boss`);
}

async function compareStarts(postgres: PostgresServer): Promise<void> {
  const measured: { graphile: Start; ours: Start }[] = [];
  for (let round = 0; round < rounds; round++) {
    measured.push({
      graphile: await graphileStart(postgres, 1, startedJobs),
      ours: await run("latency", 1),
    });
  }
  console.log("\nfrom submit to start, one worker that waits:");
  for (const [name, of] of [
    ["p50", "p50Ms"],
    ["p99", "p99Ms"],
  ] as const) {
    const ratio = median(measured.map(({ ours, graphile }) => ours[of] / graphile[of])).toFixed(2);
    const ms = (who: "ours" | "graphile") => median(measured.map((round) => round[who][of])).toFixed(2);
    console.log(
      `  ${name} ours ${ms("ours")} ms, graphile-worker ${ms("graphile")} ms: ${ratio} times as long`,
    );
  }
}

/** The same on one server: a control plane that keeps its jobs in PostgreSQL, and graphile-worker beside it. */
async function compareShared(postgres: PostgresServer): Promise<void> {
  const measured: { graphile: number; ours: number; submits: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const database = await postgres.createDatabase(`shared${round}`);
    measured.push({
      graphile: await graphileRate(postgres, comparedClients, comparedJobs),
      ours: (await run("drain", comparedClients, database)).perSecond,
      submits: (await run("enqueue", comparedClients, database)).perSecond,
    });
  }
  const rate = (name: "graphile" | "ours" | "submits") =>
    median(measured.map((round) => round[name])).toFixed(0);
  const ratio = median(measured.map((round) => round.ours / round.graphile)).toFixed(2);
  console.log(`\non PostgreSQL, ${comparedClients} workers, jobs claimed and completed a second:`);
  console.log(`  graphile-worker ${rate("graphile")}, ours through gRPC ${rate("ours")}: ${ratio} times`);
  console.log(`  jobs submitted a second: ${rate("submits")}`);
}

interface Start {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function withPostgres(compare: (postgres: PostgresServer) => Promise<void>): Promise<void> {
  using postgres = await startPostgres({ durable: true });
  await compare(postgres);
}

async function printDepth(): Promise<void> {
  const { queued, done } = await measureQueueDepth();
  console.log(`\nwith a million tasks queued instead of a thousand: ${queued.toFixed(2)} times as long`);
  console.log(`with a million tasks done: ${done.toFixed(2)} times as long`);
}

interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverCpuUs: number;
}

async function run(
  mode: "drain" | "enqueue" | "latency",
  clients: number,
  database?: string,
): Promise<Round> {
  await using folder = await createScratchFolder();
  await using server = await startControlPlaneProcess(folder.path, "none", database);
  const args = [load, server.url, mode, String(clients), String(seconds), String(server.pid)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

async function repeat<Value>(measure: () => Promise<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for (let round = 0; round < rounds; round++) values.push(await measure());
  return values;
}
