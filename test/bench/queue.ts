/**
 * The task queue over gRPC, durable (every answer after an fsync): tasks completed and claimed a second in
 * one call each, jobs submitted a second, and the time from a submit to its start on a runner that waits;
 * against graphile-worker and pg-boss. Server and load are processes of their
 * own. `npm run bench -- queue [clients|rate|start|depth|boot|shared [rate|replicas|depth]]`
 */
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { bossRate, graphileRate, graphileStart } from "./queue-anchors.ts";
import { printBoot } from "./queue-boot.ts";
import { measureQueueDepth } from "./queue-depth.ts";
import { runLoad } from "./queue-run.ts";
import { sharedParts } from "./queue-shared.ts";
import { median } from "./side-by-side.ts";

type Parts = Readonly<Record<string, (part: string | undefined) => Promise<void>>>;

const parts: Parts = {
  clients: printClients,
  rate: () => withPostgres(compareRates),
  start: () => withPostgres(compareStarts),
  depth: printDepth,
  boot: printBoot,
  shared: (part) => printParts(sharedParts, part),
};

/** Prints what was measured: all of it, or one part, or one part of that. */
export async function benchQueue(part?: string, partOfIt?: string): Promise<void> {
  await printParts(parts, part, partOfIt);
}

async function printParts(all: Parts, part: string | undefined, partOfIt?: string): Promise<void> {
  const chosen = part === undefined ? Object.values(all) : [all[part]];
  for (const print of chosen) {
    if (print === undefined) throw new Error(`the parts are ${Object.keys(all).join(", ")}`);
    await print(partOfIt);
  }
}

const rounds = 3;
const clientCounts = [1, 4, 16];

/** Medians of rounds; each measurement has a control plane and a data folder of its own. */
async function printClients(): Promise<void> {
  console.log("clients  NextTask/s  p99 ms  submit/s  start p50 ms  p99 ms  server us/NextTask");
  for (const clients of clientCounts) {
    const drains = await repeat(() => runLoad("drain", clients));
    const enqueues = await repeat(() => runLoad("enqueue", clients));
    const starts = await repeat(() => runLoad("latency", clients));
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
        median(drains.map((round) => round.ownCpuUs))
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
      graphile: (await graphileRate(postgres, comparedClients, comparedJobs)).perSecond,
      boss: (await bossRate(postgres, comparedClients, comparedJobs / 2)).perSecond,
      ours: (await runLoad("drain", comparedClients)).perSecond,
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
      ours: await runLoad("latency", 1),
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

async function repeat<Value>(measure: () => Promise<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for (let round = 0; round < rounds; round++) values.push(await measure());
  return values;
}
