/**
 * The queue on PostgreSQL that several control planes share, against graphile-worker and pg-boss on the same
 * server. `npm run bench -- queue shared [rate|replicas|depth]`
 */
import { randomBytes } from "node:crypto";
import type { Store } from "../../src/store/port.ts";
import { openPostgresStore } from "../../src/store/postgres/store.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { type Metered, startMeter, thisProcessSeconds } from "./meter.ts";
import { bossRate, graphileRate } from "./queue-anchors.ts";
import { compareDepths, depths } from "./queue-depth.ts";
import { runLoad } from "./queue-run.ts";
import { median } from "./side-by-side.ts";
import { storeQueue } from "./store-queue.ts";

const rounds = 3;
const workers = 16;
const jobs = 6_000;
/** More than are done in a measurement. */
const waitingTasks = 40_000;
const replicaCounts = [1, 2, 3];

export const sharedParts: Readonly<Record<string, () => Promise<void>>> = {
  rate: () => withPostgres(printRates),
  replicas: () => withPostgres(printReplicas),
  depth: () => withPostgres(printDepth),
};

async function withPostgres(print: (postgres: PostgresServer) => Promise<void>): Promise<void> {
  using postgres = await startPostgres({ durable: true });
  await print(postgres);
}

async function openStore(postgres: PostgresServer, name: string): Promise<Store> {
  const url = await postgres.createDatabase(name);
  return await openPostgresStore({ url, clock: Date.now, random: randomBytes, role: "server" });
}

type Rows = readonly (readonly [name: string, measure: (round: number) => Promise<Metered>])[];

/** In turns, so that whatever else the machine does hits all alike. Ratios are to the first row's, of the same round. */
async function printTable(title: string, rows: Rows): Promise<void> {
  const measured = rows.map((): Metered[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, measure]] of rows.entries()) measured[index]?.push(await measure(round));
  }
  console.log(`\n${title}`);
  console.log("                                 a second   ratio   own us   PostgreSQL us");
  for (const [index, [name]] of rows.entries()) {
    const ofRow = measured[index] ?? [];
    const figure = (of: (metered: Metered) => number) => median(ofRow.map(of)).toFixed(0);
    const ratios = ofRow.map(({ perSecond }, round) => perSecond / (measured[0]?.[round]?.perSecond ?? 0));
    console.log(
      [
        `  ${name.padEnd(30)}`,
        figure(({ perSecond }) => perSecond).padStart(8),
        median(ratios).toFixed(2).padStart(7),
        figure(({ ownCpuUs }) => ownCpuUs).padStart(8),
        figure(({ postgresCpuUs }) => postgresCpuUs).padStart(15),
      ].join(" "),
    );
  }
}

async function printRates(postgres: PostgresServer): Promise<void> {
  await printTable(`on PostgreSQL, ${workers} workers: jobs claimed and completed, processor time of each`, [
    ["graphile-worker", () => graphileRate(postgres, workers, jobs)],
    ["pg-boss", () => bossRate(postgres, workers, jobs / 2)],
    ["ours, the store alone", (round) => storeRate(postgres, `store${round}`)],
    ["ours through gRPC", (round) => rpcRate(postgres, `rpc${round}`, 1)],
  ]);
  const shared = { url: await postgres.createDatabase("submits"), pid: postgres.pid(), replicas: 1 };
  const { perSecond } = await runLoad("enqueue", workers, { ...shared, tasks: 0 });
  console.log(`  jobs of one task submitted a second: ${perSecond.toFixed(0)}`);
}

async function printReplicas(postgres: PostgresServer): Promise<void> {
  await printTable(
    `on PostgreSQL, ${workers} workers through gRPC, all on one machine`,
    replicaCounts.map((replicas) => [
      replicas === 1 ? "1 control plane" : `${replicas} control planes`,
      (round) => rpcRate(postgres, `replicas${replicas}_${round}`, replicas),
    ]),
  );
}

async function rpcRate(postgres: PostgresServer, name: string, replicas: number): Promise<Metered> {
  const url = await postgres.createDatabase(name);
  return await runLoad("drain", workers, { url, pid: postgres.pid(), replicas, tasks: waitingTasks });
}

async function storeRate(postgres: PostgresServer, name: string): Promise<Metered> {
  const store = await openStore(postgres, name);
  try {
    const queue = storeQueue(store, workers);
    await queue.add(jobs);
    const stopMeter = startMeter(thisProcessSeconds, postgres.pid());
    await queue.work(jobs);
    return stopMeter(jobs);
  } finally {
    await store.close();
  }
}

async function printDepth(postgres: PostgresServer): Promise<void> {
  const [shallow, deep] = [await openStore(postgres, "shallow"), await openStore(postgres, "deep")];
  try {
    const queues = [storeQueue(shallow, workers), storeQueue(deep, workers)] as const;
    await queues[0].add(depths.shallow);
    await queues[1].add(depths.deep);
    const [ratio = Number.NaN] = await compareDepths(queues[0], [queues[1]]);
    console.log(
      `\non PostgreSQL, with a million tasks queued instead of a thousand: ${ratio.toFixed(2)} times as long`,
    );
  } finally {
    await shallow.close();
    await deep.close();
  }
}
