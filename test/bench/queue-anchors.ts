/**
 * Queues on PostgreSQL that a team would use instead, doing the same work on the same disk: graphile-worker
 * and pg-boss. They run in the process that measures, so nothing between it and them is counted.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as waitFor } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { PostgresServer } from "../support/postgres-server.ts";
import { type Metered, startMeter, thisProcessSeconds } from "./meter.ts";
import { percentiles } from "./percentiles.ts";

/** Not among the project's packages: only this measurement needs them. */
const packages = ["graphile-worker@0.18.0", "pg-boss@12.38.0", "pg@8.23.1"];
const folder = fileURLToPath(new URL("../../.cache/queue-anchors/", import.meta.url));
const payload = "x".repeat(100);

async function load<Module>(name: string): Promise<Module> {
  if (!existsSync(join(folder, "node_modules", name))) {
    execFileSync("npm", ["install", "--silent", "--no-save", "--prefix", folder, ...packages], {
      stdio: ["ignore", "ignore", "inherit"],
      shell: process.platform === "win32",
    });
  }
  const path = createRequire(join(folder, "package.json")).resolve(name);
  return import(pathToFileURL(path).href) as Promise<Module>;
}

/** What is used of the packages, which bring no types here. */
interface Pool {
  on(
    event: "error" | "connect",
    listener: (subject: { on(event: "error", ignore: () => void): void }) => void,
  ): void;
  end(): Promise<void>;
}
type NewPool = new (options: object) => Pool;
interface GraphileWorker {
  readonly Logger: new (create: () => () => void) => unknown;
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>;
    addJobs(jobs: readonly object[]): Promise<unknown>;
    addJob(identifier: string, payload: object): Promise<unknown>;
    release(): Promise<void>;
  }>;
  run(options: object): Promise<{ stop(): Promise<void> }>;
}
interface PgBossModule {
  readonly PgBoss: new (
    options: object,
  ) => {
    on(event: "error", listener: () => void): void;
    start(): Promise<unknown>;
    createQueue(name: string): Promise<void>;
    insert(name: string, jobs: readonly object[]): Promise<unknown>;
    fetch(name: string): Promise<readonly { readonly id: string }[]>;
    complete(name: string, id: string): Promise<unknown>;
    stop(options: object): Promise<void>;
  };
}

/** So many workers claim, run and complete jobs, one by one. */
export async function graphileRate(
  postgres: PostgresServer,
  concurrency: number,
  jobs: number,
): Promise<Metered> {
  return withGraphile(postgres, async ({ worker, utils, options }) => {
    await utils.addJobs(
      Array.from({ length: jobs }, (_, index) => ({ identifier: "task", payload: { payload, index } })),
    );
    const { promise: drained, resolve } = Promise.withResolvers<void>();
    let done = 0;
    const stopMeter = startMeter(thisProcessSeconds, postgres.pid());
    const task = async () => {
      done++;
      if (done === jobs) resolve();
    };
    const runner = await worker.run({ ...options, concurrency, taskList: { task } });
    await drained;
    const metered = stopMeter(jobs);
    await runner.stop();
    return metered;
  });
}

/** So many starts before the first one that counts: what is measured runs for months, not for seconds. */
export const startWarmUps = 2_000;

/** From the call that adds a job to its start on a worker that waits, in the rhythm of queue-load.ts. */
export async function graphileStart(
  postgres: PostgresServer,
  concurrency: number,
  jobs: number,
): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> {
  return withGraphile(postgres, async ({ worker, utils, options }) => {
    const sent = new Map<number, number>();
    const times: number[] = [];
    const ping = async ({ index }: { readonly index: number }) => {
      times.push(performance.now() - (sent.get(index) ?? Number.NaN));
    };
    const runner = await worker.run({ ...options, concurrency, taskList: { ping } });
    await waitFor(500);
    for (let index = 0; index < startWarmUps; index++) await utils.addJob("ping", { index: -1 - index });
    await waitFor(500);
    times.length = 0;
    for (let index = 0; index < jobs; index++) {
      sent.set(index, performance.now());
      await utils.addJob("ping", { index });
      await waitFor(5 + (index % 7) * 3);
    }
    await waitFor(200);
    await runner.stop();
    return percentiles(times);
  });
}

interface Graphile {
  readonly worker: GraphileWorker;
  readonly utils: Awaited<ReturnType<GraphileWorker["makeWorkerUtils"]>>;
  readonly options: object;
}

async function withGraphile<Result>(
  { host, port, user, database }: PostgresServer,
  use: (graphile: Graphile) => Promise<Result>,
): Promise<Result> {
  const { default: pg } = await load<{ default: { Pool: NewPool } }>("pg");
  const worker = await load<GraphileWorker>("graphile-worker");
  const pgPool = new pg.Pool({ host, port, user, database, max: 40 });
  pgPool.on("error", () => {});
  pgPool.on("connect", (client) => client.on("error", () => {}));
  const logger = new worker.Logger(() => () => {});
  const utils = await worker.makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  const result = await use({ worker, utils, options: { pgPool, logger, noHandleSignals: true } });
  await utils.release();
  await pgPool.end();
  return result;
}

/** So many workers fetch and complete jobs, one by one. */
export async function bossRate(
  postgres: PostgresServer,
  concurrency: number,
  jobs: number,
): Promise<Metered> {
  const { host, port, user, database } = postgres;
  const { PgBoss } = await load<PgBossModule>("pg-boss");
  const boss = new PgBoss({ host, port, user, database, max: 40 });
  boss.on("error", () => {});
  await boss.start();
  await boss.createQueue("queue");
  await boss.insert(
    "queue",
    Array.from({ length: jobs }, (_, index) => ({ data: { payload, index } })),
  );
  const stopMeter = startMeter(thisProcessSeconds, postgres.pid());
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (;;) {
        const [job] = await boss.fetch("queue");
        if (job === undefined) return;
        await boss.complete("queue", job.id);
      }
    }),
  );
  const metered = stopMeter(jobs);
  await boss.stop({ graceful: false });
  return metered;
}
