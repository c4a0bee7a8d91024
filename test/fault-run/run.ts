/**
 * Three control planes (`serve`) on one PostgreSQL and one bucket, sixteen claimers and clients that submit,
 * publish and deploy, while control planes and database are hit one time after the other. Clients go on at
 * another control plane; nobody starts anything again but what a fault has ended.
 */
import assert from "node:assert/strict";
import { setTimeout as waitFor } from "node:timers/promises";
import { createApiClient } from "../../src/api/client.ts";
import { connections } from "../../src/store/postgres/connection.ts";
import { type Random, seededRandom } from "../server/deploy-race.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { startS3Server } from "../support/s3-server.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { checkDatabase, checkReadiness, checkReleases, connectionsOf } from "./aftermath.ts";
import { Claimer, type TaskDurations } from "./claimers.ts";
import { type Pace, planFaults, strike, type World } from "./faults.ts";
import { figuresOf, type Struck, summaryOf } from "./figures.ts";
import { Fleet } from "./fleet.ts";
import { Journal } from "./journal.ts";
import { Publisher, Submitter } from "./producers.ts";

const places = 3;
const claimers = 16;
/** Leases that nobody extends have ended by then, and what they held was done again. */
const settleLimitMs = 90_000;
/** What a client may be told: that it should try elsewhere or later. */
const closedCodes = ["api-timeout", "api-unreachable", "store-failed", "deployment-changed"];

export interface FaultRunOptions {
  /** Chooses faults and work; in which order they meet is the machine's affair. */
  readonly seed: number;
  readonly pace: Pace;
  readonly durations: readonly TaskDurations[];
  /** After so many faults. */
  readonly isOver: (faults: number) => boolean;
  /** What the control planes report is appended to this file. */
  readonly log: string;
  readonly say: (line: string) => void;
}

/** Throws an AssertionError when something was lost, done by two at once, or did not recover. */
export async function runFaults(options: FaultRunOptions): Promise<void> {
  const { seed, log, say } = options;
  await using folder = await createScratchFolder();
  await using stack = new AsyncDisposableStack();
  const [postgres, s3] = await Promise.all([startPostgres({ durable: true }), startS3Server()]);
  stack.use(s3);
  stack.defer(() => postgres[Symbol.dispose]());
  const database = "faults";
  const url = await postgres.createDatabase(database);
  const fleet = stack.use(new Fleet({ count: places, database: url, place: { artifacts: s3, log } }));
  await Promise.all([...fleet.places.keys()].map((index) => fleet.start(index)));
  const world: World = { fleet, postgres, database, longestStopMs: 0 };

  const run = new Run(fleet, folder, options);
  await run.prepare();
  const work = run.start();
  const struck = await hit(world, run, work, options);
  await run.settle(url);
  await work;
  say(`seed ${seed}`);
  for (const line of summaryOf(run, world)) say(line);
  for (const line of figuresOf(run.journal, struck)) say(line);

  assert.deepEqual(run.journal.contradictions(), []);
  await checkDatabase(url, run);
  await checkReleases(fleet, run.publishers);
  const unexpected = [...fleet.refusals].filter(([code]) => !closedCodes.includes(code));
  assert.deepEqual(unexpected, []);
  await checkReadiness(fleet);
  const most = places * (connections.readers + connections.writers + 1);
  const open = await connectionsOf(url);
  assert.ok(open.total <= most, `${open.total} connections are open`);
  assert.equal(open.inTransaction, 0);
  await fleet[Symbol.asyncDispose]();
  assert.equal((await connectionsOf(url)).total, 0);
}

/** Everything that clients do, and what they remember of it. */
class Run {
  readonly journal = new Journal();
  readonly submitter = new Submitter();
  readonly publishers = [
    new Publisher("workflow-0", ["dev", "prod"]),
    new Publisher("workflow-1", ["dev", "prod"]),
  ];
  readonly random: Random;
  readonly claimers: Claimer[] = [];
  readonly #fleet: Fleet;
  readonly #folder: ScratchFolder;
  readonly #durations: readonly TaskDurations[];
  #producing = true;
  #working = true;

  constructor(fleet: Fleet, folder: ScratchFolder, { seed, durations }: FaultRunOptions) {
    this.#fleet = fleet;
    this.#folder = folder;
    this.#durations = durations;
    this.random = seededRandom(seed);
  }

  async prepare(): Promise<void> {
    using api = await createApiClient({ url: this.#fleet.running(0).url, apiKey: undefined, env: {} });
    for (const slug of ["dev", "prod"]) await api.workflows.createCluster({ name: slug, slug });
    for (const { workflow } of this.publishers) await api.workflows.createWorkflow({ name: workflow });
  }

  /** Fulfilled when all have come to their end. */
  start(): Promise<unknown> {
    const own = () => seededRandom(Math.floor(this.random() * 2 ** 31));
    const client = () => this.#fleet.client(own());
    const { journal } = this;
    const isEnding = () => !this.#producing;
    const isOver = () => !this.#working;
    for (let index = 0; index < claimers; index++) {
      const durations = this.#durations;
      const options = { client: client(), journal, random: own(), durations, isEnding, isOver };
      this.claimers.push(new Claimer(options));
    }
    return Promise.all([
      ...this.claimers.map((claimer) => claimer.work()),
      this.submitter.work(client(), journal, own(), isEnding),
      ...this.publishers.map((publisher) => publisher.work(client(), this.#folder, isEnding)),
    ]);
  }

  /** Until everyone who is not busy with a task has been answered a call that was sent after this moment. */
  async answered(): Promise<number> {
    const fromMs = Date.now();
    const isWaiting = ({ isBusy, lastAnsweredAtMs }: Claimer) => !isBusy && lastAnsweredAtMs < fromMs;
    while (this.claimers.some(isWaiting)) {
      if (Date.now() - fromMs > settleLimitMs) assert.fail("a claimer gets no answer any more");
      await waitFor(5);
    }
    return Date.now() - fromMs;
  }

  /** No more faults and no more jobs: what is there is done, also what somebody forgot. */
  async settle(url: string): Promise<void> {
    this.#producing = false;
    const endMs = Date.now() + settleLimitMs;
    while ((await connectionsOf(url)).openJobs > 0 && Date.now() < endMs) await waitFor(200);
    this.#working = false;
  }
}

async function hit(
  world: World,
  run: Run,
  work: Promise<unknown>,
  { pace, isOver }: FaultRunOptions,
): Promise<Struck[]> {
  const struck: Struck[] = [];
  const plan = planFaults(run.random, places, pace);
  const failed = work.then(() => assert.fail("clients ended before the faults did"));
  failed.catch(() => {});
  while (!isOver(struck.length)) {
    const { value: fault } = plan.next();
    if (fault === undefined) break;
    await Promise.race([failed, waitFor(fault.quietMs)]);
    const fromMs = Date.now();
    await Promise.race([failed, strike(world, fault)]);
    const untilMs = Date.now();
    const what = fault.names.length === 1 ? fault.names.join() : "two at once";
    struck.push({ what, fromMs, untilMs, allAnsweredMs: await run.answered() });
  }
  return struck;
}
