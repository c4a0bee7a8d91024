/** Several control planes on one database: what one does, the others see, and nothing is done twice. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import pg from "pg";
import type { TaskId } from "../../../src/engine/job.ts";
import type { ClaimedTask } from "../../../src/store/job-port.ts";
import type { Store } from "../../../src/store/port.ts";
import { openPostgresStore } from "../../../src/store/postgres/store.ts";
import {
  anyTask,
  claim,
  claimNothing,
  compute,
  computed,
  identifier,
  inTurn,
  newJob,
  offerOf,
  stateOf,
  task,
} from "../job-samples.ts";
import { addCluster, addWorkflow, cluster, publish, sha256, slug } from "../samples.ts";
import { createDatabase, useServer } from "./open-store.ts";

useServer();

async function openReplicas(count: number) {
  const url = await createDatabase();
  let nowMs = Date.UTC(2026, 0, 1);
  const stores: Store[] = [];
  const open = async () => {
    const store = await openPostgresStore({ url, clock: () => nowMs, random: randomBytes, role: "server" });
    stores.push(store);
    return store;
  };
  for (let index = 0; index < count; index++) await open();
  return {
    url,
    stores,
    open,
    advanceMs: (ms: number) => {
      nowMs += ms;
    },
    async [Symbol.asyncDispose]() {
      for (const store of stores) await store.close();
    },
  };
}

type Replicas = Awaited<ReturnType<typeof openReplicas>>;
const both = ({ stores: [first, second] }: Replicas): readonly [Store, Store] => [
  first ?? assert.fail(),
  second ?? assert.fail(),
];

/** Claims and computes until its replica has nothing more; returns the ids it was given. */
async function drain({ jobs }: Store, subTasks: number): Promise<string[]> {
  const ids: string[] = [];
  let { task: claimed } = await jobs.nextTask({ computed: undefined, offer: anyTask });
  while (claimed !== undefined) {
    ids.push(claimed.id);
    const below =
      claimed.display === "root" ? inTurn(Array.from({ length: subTasks }, () => task("leaf"))) : [];
    ({ task: claimed } = await jobs.nextTask({
      computed: computed(claimed.id, { subTasks: below }),
      offer: anyTask,
    }));
  }
  return ids;
}

describe("control planes on one database", () => {
  test("read what another one did to a task that they were the last to write themselves", async () => {
    await using replicas = await openReplicas(2);
    const [first, second] = both(replicas);
    await first.jobs.submitJob(newJob(inTurn([task("only")])));
    const claimed = await claim(first.jobs);
    await first.jobs.extendLease(claimed.id, 60_000);
    await compute(second.jobs, claimed);
    assert.equal((await first.jobs.readQueuedTask(claimed.id))?.state, "computed");
  });

  test("know each other's runners and the keys of their workers", async () => {
    await using replicas = await openReplicas(2);
    const [first, second] = both(replicas);
    const expiryMs = 30_000;
    const report = (id: string) => ({
      ...{ id, cluster: slug("dev"), apiKey: "batch", facts: "{}" },
      workerKeySha256: sha256(id),
    });
    const ids = ["a", "b", "c", "d"];
    await Promise.all(
      replicas.stores.flatMap(({ runners }) => ids.map((id) => runners.reportRunner(report(id), expiryMs))),
    );
    await first.runners.removeRunner({ id: "a", apiKey: "batch" });
    const listed = await second.runners.listRunners({ cluster: "dev", expiryMs });
    assert.deepEqual(
      listed.map(({ id }) => id),
      ["b", "c", "d"],
    );
    assert.equal(await second.runners.findRunnerKey(sha256("a"), expiryMs), undefined);
    assert.equal(await second.runners.findRunnerKey(sha256("b"), expiryMs), "batch");
  });

  test("share jobs: every task is handed out once, whoever asks where", async () => {
    await using replicas = await openReplicas(3);
    const [first, second] = both(replicas);
    const made = await Promise.all(
      Array.from({ length: 6 }, () =>
        first.jobs.submitJob(newJob(inTurn([task("root"), task("root")], [task("last")]))),
      ),
    );
    const given: string[] = [];
    // Workers stop when they find nothing, which a dependency may cause for a moment: so they come in rounds.
    for (;;) {
      const rounds = replicas.stores.flatMap((store) => Array.from({ length: 4 }, () => drain(store, 5)));
      const ids = (await Promise.all(rounds)).flat();
      given.push(...ids);
      if (ids.length === 0) break;
    }
    assert.equal(given.length, 6 * (2 + 2 * 5 + 1));
    assert.equal(new Set(given).size, given.length);
    for (const job of made) assert.equal(await stateOf(second.jobs, job), "completed");
  });

  test("tell each other of kinds of tasks whose names fill more than one notice", async () => {
    await using replicas = await openReplicas(2);
    const [first, second] = both(replicas);
    // As long as a name may be, in the characters that take the most bytes as JSON.
    const names = Array.from(
      { length: 26 },
      (_, index) => String.fromCharCode(65 + index) + "\u0001".repeat(255),
    );
    const told = new Set<string>();
    const allTold = new Promise<void>((resolve) => {
      second.jobs.onReady((ready) => {
        for (const { identifier } of ready) told.add(identifier.name);
        if (told.size === names.length) resolve();
      });
    });
    await first.jobs.submitJob(
      newJob(inTurn(names.map((name) => task("t", { identifier: identifier(name) })))),
    );
    await allTold;
  });

  test("share one job that all of them work on at once", async () => {
    await using replicas = await openReplicas(2);
    const [first, second] = both(replicas);
    const job = await first.jobs.submitJob(newJob(inTurn(Array.from({ length: 200 }, () => task("leaf")))));
    const rounds = replicas.stores.flatMap((store) => Array.from({ length: 8 }, () => drain(store, 0)));
    const ids = (await Promise.all(rounds)).flat();
    assert.equal(new Set(ids).size, 200);
    assert.equal(ids.length, 200);
    assert.equal(await stateOf(second.jobs, job), "completed");
  });

  test("wake each other's runners, also for a kind of task that was never seen before", async () => {
    await using replicas = await openReplicas(2);
    const [first, second] = both(replicas);
    const offer = offerOf(identifier("New", "v1.5"));
    await claimNothing(second.jobs, offer);
    const woken = new Promise<string>((resolve) => {
      second.jobs.onReady(async (ready) => {
        const { task } = await second.jobs.nextTask({ computed: undefined, offer });
        if (task !== undefined) resolve(`${ready[0]?.identifier.name} ${task.display}`);
      });
    });
    await first.jobs.submitJob(newJob(inTurn([task("far away", { identifier: identifier("New", "v1.2") })])));
    assert.equal(await woken, "New far away");
  });

  test("tell each other's runners of deployments", async () => {
    await using replicas = await openReplicas(2);
    const [first, second] = both(replicas);
    const target = await addCluster(first, "gpu");
    const workflow = await addWorkflow(first, "greetings");
    const release = await publish(first, workflow, "0");
    const heard = new Promise((resolve) => second.clusters.onDeploymentChange(resolve));
    await first.releases.deploy({ workflow, release, clusters: [cluster("gpu")], actor: "ci" });
    assert.deepEqual(await heard, { cluster: target, revision: 1 });
  });

  test("take back what another one handed out, once and only when its lease has ended", async () => {
    await using replicas = await openReplicas(2);
    const [first, second] = both(replicas);
    await first.jobs.submitJob(newJob(inTurn([task("slow")])));
    const lost = await claim(first.jobs);
    replicas.advanceMs(14_999);
    await second.jobs.endLeases();
    await claimNothing(second.jobs);
    replicas.advanceMs(1);
    await Promise.all([first.jobs.endLeases(), second.jobs.endLeases()]);
    const again = await claim(second.jobs);
    assert.equal(again.id, lost.id);
    await claimNothing(first.jobs);
    await compute(first.jobs, again);
  });

  test("end many leases between them, each once, while their runners extend others", async () => {
    await using replicas = await openReplicas(3);
    const [first] = both(replicas);
    const jobs = await Promise.all(
      Array.from({ length: 12 }, () =>
        first.jobs.submitJob(newJob(inTurn(Array.from({ length: 60 }, () => task("leaf"))))),
      ),
    );
    const held = new Map<TaskId, ClaimedTask>();
    for (let index = 0; index < 12 * 60; index++) {
      const claimed = await claim(first.jobs);
      held.set(claimed.id, claimed);
    }
    const kept = [...held.keys()].filter((_, index) => index % 4 === 0);
    replicas.advanceMs(14_000);
    await Promise.all(kept.map((id) => first.jobs.extendLease(id, 60_000)));
    replicas.advanceMs(1_000);
    // All at once: whatever one of them leaves because another works on it, that one ends.
    const looks = replicas.stores.flatMap(({ jobs }) => [
      jobs.endLeases(),
      jobs.endLeases(),
      jobs.endLeases(),
    ]);
    const extensions = kept.map((id, index) => replicas.stores[index % 3]?.jobs.extendLease(id, 60_000));
    await Promise.all([...looks, ...extensions]);
    await Promise.all(replicas.stores.map(({ jobs }) => jobs.endLeases()));
    const counts = await Promise.all(
      jobs.map(async ({ id }) => (await first.jobs.getJob(id)).stats.tasksByState),
    );
    const sum = (state: string) =>
      counts.flat().reduce((total, entry) => total + (entry.state === state ? entry.count : 0), 0);
    assert.deepEqual({ queued: sum("queued"), running: sum("running") }, { queued: 540, running: 180 });
    const database = new pg.Client(replicas.url);
    await database.connect();
    const { rows } = await database.query(
      "SELECT lost_count::int AS lost, count(*)::int AS tasks FROM tasks GROUP BY lost_count ORDER BY lost_count",
    );
    await database.end();
    assert.deepEqual(rows, [
      { lost: 0, tasks: 180 },
      { lost: 1, tasks: 540 },
    ]);
  });

  test("leave leases alone when one of several starts, and extend them when the only one does", async () => {
    await using replicas = await openReplicas(1);
    const [first] = replicas.stores;
    assert.ok(first !== undefined);
    await first.jobs.submitJob(newJob(inTurn([task("slow")])));
    await claim(first.jobs);
    replicas.advanceMs(15_000);
    const second = await replicas.open();
    await second.jobs.endLeases();
    await claim(second.jobs);
    await Promise.all([first.close(), second.close()]);
    replicas.advanceMs(15_000);
    const third = await replicas.open();
    await third.jobs.endLeases();
    await claimNothing(third.jobs);
  });

  test("delete no cluster that another one submits a job to", async () => {
    await using replicas = await openReplicas(2);
    const [first, second] = both(replicas);
    for (let index = 0; index < 10; index++) {
      const there = { kind: "slug", slug: await addCluster(first, `c${index}`) } as const;
      const outcomes = await Promise.allSettled([
        first.clusters.deleteCluster(there.slug),
        second.jobs.submitJob(newJob(inTurn([task("t", { cluster: there })]))),
      ]);
      const done = outcomes.filter(({ status }) => status === "fulfilled").length;
      assert.equal(done, 1, JSON.stringify(outcomes));
    }
  });
});
