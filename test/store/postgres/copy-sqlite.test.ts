import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Store } from "../../../src/store/port.ts";
import { copySqliteToPostgres } from "../../../src/store/postgres/copy-sqlite.ts";
import { openPostgresStore } from "../../../src/store/postgres/store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { errorOf } from "../../support/errors.ts";
import { createScratchFolder } from "../../support/scratch-folder.ts";
import { claim, compute, everything, inTurn, newJob, runAll, task } from "../job-samples.ts";
import { addCluster, addWorkflow, cluster, deployRequest, publish } from "../samples.ts";
import { useServer } from "./open-store.ts";

const { server } = useServer();
const common = { clock: Date.now, random: randomBytes, role: "server" } as const;

async function fill(store: Store): Promise<void> {
  await addCluster(store, "gpu");
  const workflow = await addWorkflow(store, "greetings");
  for (const name of ["0", "1"]) {
    const release = await publish(store, workflow, name);
    await store.releases.deploy(deployRequest(workflow, release, [cluster("gpu")]));
  }
  await store.keys.addKey({ name: "ci", role: "admin", secretSha256: "0".repeat(64) });
  const input = new Uint8Array([0, 255, 1]);
  const many = Array.from({ length: 3_000 }, (_, index) => task(`task ${index}`, { input }));
  await store.jobs.submitJob(newJob(inTurn([task("root")], many), { name: "a name \0 with 字" }));
  await compute(store.jobs, await claim(store.jobs), { progress: [{ label: "x", total: 3, done: 1 }] });
  await claim(store.jobs);
}

async function everythingOf(store: Store) {
  const { jobs } = await store.jobs.queryJobs(everything);
  const workflows = await store.workflows.listWorkflows({});
  return {
    jobs: jobs.map(({ name, ...job }) => ({ ...job, name: name.replaceAll("\0", "\uFFFD") })),
    tasks: await Promise.all(jobs.map(({ id }) => store.jobs.readTaskTree(id, 10_000))),
    workflows,
    clusters: await store.clusters.listClusters(),
    keys: await store.keys.listKeys(),
    history: await store.releases.listHistory({ limit: 100 }),
    files: await Promise.all(
      workflows.workflows.flatMap(({ releases }) =>
        releases.map(({ id }) => store.releases.findFileTree(id)),
      ),
    ),
  };
}

test("a data folder goes to PostgreSQL whole, and its jobs go on there", async () => {
  await using folder = await createScratchFolder();
  const url = await server().createDatabase("target");
  const source = await openSqliteStore({ ...common, dataFolder: folder.path });
  await fill(source);
  const before = await everythingOf(source);
  const options = { dataFolder: folder.path, url, clock: Date.now };
  await assert.rejects(copySqliteToPostgres(options), errorOf("store-busy"));
  await source.close();

  const tables = await copySqliteToPostgres(options);
  assert.equal(tables.find(({ name }) => name === "tasks")?.rows, 3_001);
  await assert.rejects(copySqliteToPostgres(options), errorOf("request-invalid", /already/));

  const target = await openPostgresStore({ ...common, url });
  try {
    assert.deepEqual(await everythingOf(target), before);
    assert.equal((await runAll(target.jobs)).length, 2_999, "one task runs, and its lease has not ended");
    await target.jobs.submitJob(newJob(inTurn([task("new")])));
    assert.deepEqual(await runAll(target.jobs), ["new"]);
    await addWorkflow(target, "another");
  } finally {
    await target.close();
  }
});
