/**
 * Three control planes on one PostgreSQL and one bucket, sixteen claimers and clients that submit, publish and
 * deploy, while control planes and database are hit one time after the other. Clients go on at another control
 * plane; nobody starts anything again but what a fault has ended.
 *
 * WORKFLOW_RELEASE_FAULT_SECONDS=300 hits for so long, and harder, instead of once with each kind of fault (give
 * --test-timeout=0); WORKFLOW_RELEASE_FAULT_SEED=SEED chooses the same faults and the same work again. What they
 * meet in each other's way is the machine's affair.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as waitFor } from "node:timers/promises";
import { createApiClient } from "../../src/api/client.ts";
import { connections } from "../../src/store/postgres/connection.ts";
import { type Random, seededRandom } from "../server/deploy-race.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { startS3Server } from "../support/s3-server.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { checkDatabase, connectionsOf } from "./aftermath.ts";
import { Claimer } from "./claimers.ts";
import { faults, type Pace, planFaults, strike, type World } from "./faults.ts";
import { figuresOf, type Struck } from "./figures.ts";
import { Fleet } from "./fleet.ts";
import { Journal } from "./journal.ts";
import { Publisher, Submitter } from "./producers.ts";

const places = 3;
const claimers = 16;
const seconds = Number(process.env.WORKFLOW_RELEASE_FAULT_SECONDS ?? 0);
const seed = Number(process.env.WORKFLOW_RELEASE_FAULT_SEED ?? randomInt(2 ** 31));
const pace: Pace =
  seconds === 0
    ? { hold: [1_000, 2_000], quiet: [100, 300], pairs: 0 }
    : { hold: [1_000, 12_000], quiet: [500, 3_000], pairs: 0.2 };
/** Leases that nobody extends have ended by then, and what they held was done again. */
const settleLimitMs = 90_000;
/** What a client may be told: that it should try elsewhere or later. */
const closedCodes = ["api-timeout", "api-unreachable", "store-failed", "deployment-changed"];

test(`clients and ${places} control planes outlive what befalls them`, async (t) => {
  t.diagnostic(`WORKFLOW_RELEASE_FAULT_SEED=${seed}`);
  await using folder = await createScratchFolder();
  await using stack = new AsyncDisposableStack();
  const log = process.env.WORKFLOW_RELEASE_FAULT_LOG ?? join(folder.path, "log");
  const [postgres, s3] = await Promise.all([startPostgres({ durable: true }), startS3Server()]);
  stack.use(s3);
  stack.defer(() => postgres[Symbol.dispose]());
  const database = "faults";
  const url = await postgres.createDatabase(database);
  const place = { artifacts: s3, log };
  const fleet = stack.use(new Fleet({ count: places, folder: folder.path, database: url, place }));
  for (let index = 0; index < places; index++) await fleet.start(index);
  const world: World = { fleet, postgres, database, longestStopMs: 0 };

  const run = new Run(fleet, folder, seededRandom(seed));
  await run.prepare();
  const work = run.start();
  const struck = await hit(world, run, work);
  await run.settle(url);
  await work;
  report(t, world, run, struck);

  assert.deepEqual(run.journal.contradictions(), []);
  await checkDatabase(url, run);
  await checkReleases(fleet, run);
  const unexpected = [...fleet.refusals].filter(([code]) => !closedCodes.includes(code));
  assert.deepEqual(unexpected, []);
  const most = places * (connections.readers + connections.writers + 1);
  const open = await connectionsOf(url);
  assert.ok(open.total <= most, `${open.total} connections are open`);
  assert.equal(open.inTransaction, 0);
  assert.deepEqual(fleet.endedByThemselves(), []);
  await fleet[Symbol.asyncDispose]();
  assert.equal((await connectionsOf(url)).total, 0);
});

/** Everything that clients do, and what they remember of it. */
class Run {
  readonly journal = new Journal();
  readonly submitter = new Submitter();
  readonly publishers = [
    new Publisher("workflow-0", ["dev", "prod"]),
    new Publisher("workflow-1", ["dev", "prod"]),
  ];
  readonly #fleet: Fleet;
  readonly #folder: ScratchFolder;
  readonly random: Random;
  readonly claimers: Claimer[] = [];
  #producing = true;
  #working = true;

  constructor(fleet: Fleet, folder: ScratchFolder, random: Random) {
    this.#fleet = fleet;
    this.#folder = folder;
    this.random = random;
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
    const isOver = () => !this.#producing;
    for (let index = 0; index < claimers; index++) {
      const options = {
        client: client(),
        journal: this.journal,
        random: own(),
        isOver: () => !this.#working,
      };
      this.claimers.push(new Claimer(options));
    }
    return Promise.all([
      ...this.claimers.map((claimer) => claimer.work()),
      this.submitter.work(client(), this.journal, own(), isOver),
      ...this.publishers.map((publisher) => publisher.work(client(), this.#folder, isOver)),
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

async function hit(world: World, run: Run, work: Promise<unknown>): Promise<Struck[]> {
  const struck: Struck[] = [];
  const endMs = Date.now() + seconds * 1_000;
  const plan = planFaults(run.random, places, pace);
  const isOver = () => (seconds === 0 ? struck.length === Object.keys(faults).length : Date.now() >= endMs);
  const failed = work.then(() => assert.fail("clients ended before the faults did"));
  failed.catch(() => {});
  while (!isOver()) {
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

async function checkReleases(fleet: Fleet, { publishers }: Run): Promise<void> {
  for (const publisher of publishers) {
    using api = await createApiClient({ url: fleet.running(0).url, apiKey: undefined, env: {} });
    const { releases } = await api.workflows.getWorkflow({ workflowSlug: publisher.workflow });
    const listed = new Set(releases.map(({ id }) => Buffer.from(id?.uuid ?? []).toString("hex")));
    assert.equal(new Set(releases.map(({ content }) => content?.fingerprint)).size, releases.length);
    for (const [id, { digest, bytes }] of publisher.published) {
      assert.ok(listed.has(id.replaceAll("-", "")), `release ${id} was acknowledged and is lost`);
      const { archive } = await api.downloadArtifact(digest, 1_000_000);
      assert.deepEqual(Buffer.concat(await archive.toArray()), bytes);
    }
    for (const cluster of ["dev", "prod"]) {
      assert.equal(await publisher.readDeployed(api, cluster), publisher.deployed);
    }
  }
}

function report(t: TestContext, world: World, run: Run, struck: readonly Struck[]): void {
  const { journal, submitter, publishers } = run;
  const sum = (of: (publisher: Publisher) => number) => publishers.reduce((total, one) => total + of(one), 0);
  t.diagnostic(
    `${journal.done.size} tasks of ${submitter.jobs.length} jobs done; ${journal.givenAgain} given more than once, ` +
      `${journal.counts.dropped} forgotten; ${journal.counts.extended} leases extended, ${journal.counts.leasesLost} lost; ` +
      `${sum(({ published }) => published.size)} releases, ${sum(({ deployments }) => deployments)} deployments`,
  );
  for (const line of figuresOf(journal, struck)) t.diagnostic(line);
  t.diagnostic(`a control plane that was told to stop took at most ${world.longestStopMs} ms`);
  for (const [code, texts] of world.fleet.refusals) {
    for (const [text, times] of texts) t.diagnostic(`${code}, ${times} times: ${text}`);
  }
}
