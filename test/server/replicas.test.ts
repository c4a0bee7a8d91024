/** Control planes as processes on one database, killed in the middle of their work. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as waitFor } from "node:timers/promises";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import { type ControlPlaneProcess, startControlPlaneProcess } from "../support/control-plane-process.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { submission } from "./services/jobs-under-test.ts";

const identifier = { name: "Task", version: "v1.0" };
const tasks = 300;
const runners = 8;

/** What a runner does when a control plane is gone: ask the next one, as a load balancer would. */
class Replicas {
  readonly #processes: ControlPlaneProcess[] = [];
  readonly #clients = new Map<ControlPlaneProcess, HttpApiClient>();
  readonly #folders: ScratchFolder[] = [];
  readonly #database: string;

  constructor(database: string) {
    this.#database = database;
  }

  async start(): Promise<HttpApiClient> {
    const folder = await createScratchFolder();
    this.#folders.push(folder);
    const process = await startControlPlaneProcess(folder.path, "none", this.#database);
    const client = await createApiClient({
      url: process.url,
      apiKey: undefined,
      env: {},
      retryPolicy: { attempts: 1, firstDelayMs: 0, delayFactor: 1, maxDelayMs: 0, totalMs: 0 },
    });
    this.#processes.push(process);
    this.#clients.set(process, client);
    return client;
  }

  async killOldest(): Promise<void> {
    const oldest = this.#processes.shift();
    await oldest?.kill();
  }

  /** Calls one of those that run; where it fails, another one. */
  async call<Result>(work: (client: HttpApiClient) => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt++) {
      const process = this.#processes[attempt % this.#processes.length];
      const client = process === undefined ? undefined : this.#clients.get(process);
      try {
        if (client !== undefined) return await work(client);
      } catch (error) {
        if (attempt > 200) throw error;
      }
      await waitFor(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) client[Symbol.dispose]();
    for (const process of this.#processes) await process.kill();
    for (const folder of this.#folders) await folder[Symbol.asyncDispose]();
  }
}

describe("control planes on one database", () => {
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres({ durable: true });
  });
  after(() => server[Symbol.dispose]());

  /** Runs tasks until the job is done; returns how often each was handed out. */
  async function runJob(replicas: Replicas, job: Uint8Array, disturb: (done: number) => Promise<void>) {
    const given = new Map<string, number>();
    let done = 0;
    const isOver = async () => {
      const { state } = await replicas.call((api) => api.jobs.getJob({ jobId: { uuid: job } }));
      return state === 4;
    };
    const work = async () => {
      let computedTask: { id: { uuid: Uint8Array }; display: string } | undefined;
      while (computedTask !== undefined || !(await isOver())) {
        const report = computedTask;
        const { nextTask } = await replicas.call((api) =>
          api.tasks.nextTask({
            ...(report !== undefined && { computedTask: report }),
            nextTaskToRun: { identifiers: [identifier] },
          }),
        );
        computedTask = undefined;
        if (nextTask?.id === undefined) continue;
        given.set(nextTask.display, (given.get(nextTask.display) ?? 0) + 1);
        computedTask = { id: { uuid: nextTask.id.uuid }, display: nextTask.display };
        await disturb(++done);
      }
    };
    await Promise.all(Array.from({ length: runners }, work));
    return given;
  }

  const names = Array.from({ length: tasks }, (_, index) => `task ${index}`);

  test("lose nothing that was acknowledged when one is killed, and its runners go on at another", async () => {
    await using replicas = new Replicas(await server.createDatabase("killed"));
    const first = await replicas.start();
    await replicas.start();
    const { id } = await first.jobs.submitJob(submission(names));
    const given = await runJob(replicas, id?.uuid ?? assert.fail(), async (done) => {
      if (done === tasks / 3) await replicas.killOldest();
      if (done === tasks / 2) await replicas.start();
    });
    assert.equal(given.size, tasks);
    // An answer that was lost with the killed process is a task that its lease gives back, later.
    const twice = [...given.values()].filter((times) => times > 1).length;
    assert.ok(twice <= runners, `${twice} tasks were handed out again`);
  });

  test("say what is wrong while the database is away, and go on when it is back, without a restart", async () => {
    await using replicas = new Replicas(await server.createDatabase("restarted"));
    const api = await replicas.start();
    const { id } = await api.jobs.submitJob(submission(names));
    let restarted: Promise<void> | undefined;
    const given = await runJob(replicas, id?.uuid ?? assert.fail(), async (done) => {
      if (done !== tasks / 3) return;
      server.stop("immediate");
      const ready = await fetch(`http://${api.host}/readyz`);
      assert.equal(ready.status, 503);
      restarted = waitFor(300).then(() => server.start());
      await restarted;
    });
    assert.ok(restarted !== undefined);
    assert.equal(given.size, tasks);
  });
});
