/** Counters that are kept in memory between operations must never say other than the database. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { createIdSource } from "../../../src/engine/id.ts";
import { parseSlug } from "../../../src/engine/slug.ts";
import { createJobStore } from "../../../src/store/sql/job-store.ts";
import { createRecords } from "../../../src/store/sql/records.ts";
import { migrations } from "../../../src/store/sql/schema.ts";
import type { Session } from "../../../src/store/sql/session.ts";
import { createTaskStatements, createTaskWorker, ReadyNotices } from "../../../src/store/sql/task-work.ts";
import { migrate } from "../../../src/store/sqlite/migrate.ts";
import { sqliteStatements } from "../../../src/store/sqlite/statements.ts";
import { createWriter } from "../../../src/store/sqlite/writer.ts";
import { errorOf } from "../../support/errors.ts";
import { anyTask, claim, computed, inTurn, newJob, stateOf, task } from "../job-samples.ts";

function openJobs() {
  const database = new DatabaseSync(":memory:");
  migrate(database, { migrations, clock: () => 0 });
  database.exec(
    "CREATE TABLE refused (id INTEGER REFERENCES refused_parent (id) DEFERRABLE INITIALLY DEFERRED)",
  );
  database.exec("CREATE TABLE refused_parent (id INTEGER PRIMARY KEY)");
  const clock = () => Date.UTC(2026, 0, 1);
  const writer = createWriter(database, "memory");
  const session: Session = {
    database: sqliteStatements(database),
    writer,
    read: async (query) => query(),
    clock,
    ids: createIdSource({ clock, random: randomBytes }),
  };
  const records = createRecords(session.database);
  const tables = createTaskStatements(session.database);
  const notices = new ReadyNotices();
  records.clusters.insert.run(parseSlug("default") ?? assert.fail("no slug"), "Default", "", 1);
  return {
    writer,
    jobs: createJobStore(session, records, createTaskWorker(session, tables, notices), notices, tables),
    /** Makes the commit of the current turn fail. */
    spoilCommit: () => writer.submit(() => database.exec("INSERT INTO refused VALUES (1)")),
    [Symbol.dispose]: () => database.close(),
  };
}

describe("a job's counters", () => {
  test("are those of the database after a commit that failed", async () => {
    using open = openJobs();
    const { jobs } = open;
    const job = await jobs.submitJob(newJob(inTurn([task("a"), task("b"), task("c")])));
    const a = await claim(jobs);
    const lost = [
      jobs.nextTask({ computed: computed(a.id), offer: anyTask }),
      jobs.cancelJob(job.id),
      open.spoilCommit(),
    ];
    for (const outcome of await Promise.allSettled(lost)) {
      assert.ok(outcome.status === "rejected" && errorOf("store-failed")(outcome.reason));
    }
    assert.equal(await stateOf(jobs, job), "running");
    const { task: b } = await jobs.nextTask({ computed: computed(a.id), offer: anyTask });
    assert.equal(b?.display, "b");
    assert.deepEqual((await jobs.getJob(job.id)).stats.tasksByState, [
      { state: "queued", count: 1 },
      { state: "running", count: 1 },
      { state: "computed", count: 1 },
    ]);
  });

  test("of a job whose submission was undone are nobody's", async () => {
    using open = openJobs();
    const { jobs } = open;
    await Promise.allSettled([jobs.submitJob(newJob(inTurn([task("lost")]))), open.spoilCommit()]);
    const job = await jobs.submitJob(newJob(inTurn([task("kept")])));
    assert.deepEqual((await jobs.getJob(job.id)).stats.tasksByState, [{ state: "queued", count: 1 }]);
    assert.equal((await claim(jobs)).display, "kept");
  });

  test("are written when the store closes right after", async () => {
    using open = openJobs();
    const { jobs } = open;
    const job = await jobs.submitJob(newJob(inTurn([task("a")])));
    const last = jobs.nextTask({ computed: undefined, offer: anyTask });
    await open.writer.close();
    await last;
    assert.deepEqual((await jobs.getJob(job.id)).stats.tasksByState, [{ state: "running", count: 1 }]);
  });

  test("hold for more jobs than are kept in memory", async () => {
    using open = openJobs();
    const { jobs } = open;
    const made = await Promise.all(
      Array.from({ length: 1_200 }, () => jobs.submitJob(newJob(inTurn([task("a"), task("b")])))),
    );
    const order = await Promise.all(Array.from({ length: 2_400 }, () => claim(jobs)));
    await Promise.all(order.map(({ id }) => jobs.nextTask({ computed: computed(id), offer: undefined })));
    for (const job of made) {
      const { state, stats } = await jobs.getJob(job.id);
      assert.deepEqual([state, stats.tasksByState], ["completed", [{ state: "computed", count: 2 }]]);
    }
  });
});
