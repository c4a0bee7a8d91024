/** What a database can do to a control plane: it says what is wrong, and goes on by itself. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import pg from "pg";
import { openPostgresStore } from "../../../src/store/postgres/store.ts";
import { errorOf } from "../../support/errors.ts";
import { claim, compute, inTurn, newJob, stateOf, task } from "../job-samples.ts";
import { addCluster } from "../samples.ts";
import { createDatabase, openStoreUnderTest, useServer } from "./open-store.ts";

const { server } = useServer();

async function connect(url: string) {
  const client = new pg.Client(url);
  await client.connect();
  return { run: (sql: string) => client.query(sql), [Symbol.asyncDispose]: () => client.end() };
}

describe("a database", () => {
  test("that cuts connections is connected to again, and nothing is lost or done twice", async () => {
    await using under = await openStoreUnderTest();
    await using admin = await connect(server().url("postgres"));
    const { jobs } = under.store;
    const names = Array.from({ length: 40 }, (_, index) => `t${index}`);
    const job = await jobs.submitJob(newJob(inTurn(names.map((name) => task(name)))));
    const given: string[] = [];
    while (given.length < names.length) {
      if (given.length % 10 === 0) {
        await admin.run(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = '${new URL(under.url).pathname.slice(1)}'`,
        );
      }
      given.push((await claim(jobs)).display);
    }
    assert.deepEqual(given, names);
    assert.equal(await stateOf(jobs, job), "running");
  });

  test("that is read-only takes no write, says so, and takes them when it is not any more", async () => {
    await using under = await openStoreUnderTest();
    await using admin = await connect(server().url("postgres"));
    const name = new URL(under.url).pathname.slice(1);
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`;
    await admin.run(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await admin.run(cut);
    await assert.rejects(addCluster(under.store, "gpu"), errorOf("store-failed", /read-only/));
    assert.equal((await under.store.clusters.listClusters()).length, 1);
    await admin.run(`ALTER DATABASE ${name} SET default_transaction_read_only = off`);
    await admin.run(cut);
    await addCluster(under.store, "gpu");
  });

  test("that makes every read wait keeps no writer waiting, and says that reads wait", async () => {
    await using under = await openStoreUnderTest();
    await using admin = await connect(under.url);
    const { jobs, clusters } = under.store;
    await jobs.submitJob(newJob(inTurn([task("first"), task("second")])));
    const first = await claim(jobs);
    await admin.run("BEGIN; LOCK TABLE clusters IN ACCESS EXCLUSIVE MODE");
    const reads = Array.from({ length: 30 }, () =>
      clusters.listClusters().then(
        () => "read",
        (error: unknown) => error,
      ),
    );
    await compute(jobs, first);
    assert.equal((await claim(jobs)).display, "second");
    // Those for which there was no connection give up first.
    const refused = await Promise.race(reads);
    assert.ok(errorOf("store-failed", /every connection for reads is in use/)(refused));
    await admin.run("ROLLBACK");
    assert.ok((await Promise.all(reads)).includes("read"));
  });

  test("that does not answer is left behind by a store that is closed", async () => {
    await using under = await openStoreUnderTest();
    await using admin = await connect(under.url);
    const { jobs, clusters } = under.store;
    await admin.run("BEGIN; LOCK TABLE jobs, clusters IN ACCESS EXCLUSIVE MODE");
    const waiting = [jobs.submitJob(newJob(inTurn([task("first")]))), clusters.listClusters()];
    const told = Promise.all(
      waiting.map((call) =>
        assert.rejects(call, errorOf("store-failed", /lost the connection|did not take/)),
      ),
    );
    await under.store.close();
    await told;
    await admin.run("ROLLBACK");
  });

  test("that is not there, or not ours, is named without its password", async () => {
    const open = (url: string) =>
      openPostgresStore({ url, clock: Date.now, random: randomBytes, role: "command" });
    const { port } = server();
    await assert.rejects(
      open(`postgres://me:secret@127.0.0.1:${port}/missing`),
      (error) => errorOf("store-failed")(error) && !String(error).includes("secret"),
    );
    await assert.rejects(
      open("postgres://me@127.0.0.1:9/x"),
      errorOf("store-failed", /127.0.0.1:9\/x is not reach/),
    );
  });

  test("over a network is not talked to in the clear unless that is asked for", async () => {
    const open = (url: string) =>
      openPostgresStore({ url, clock: Date.now, random: randomBytes, role: "command" });
    const clear = errorOf("input-invalid", /database db\.invalid\/x would not be encrypted/);
    // RFC 6761: no resolver knows it.
    await assert.rejects(open("postgres://me:secret@db.invalid/x"), clear);
    await assert.rejects(open("postgres://me@db.invalid/x?ssl=0"), clear);
    for (const mode of ["disable", "verify-full"]) {
      await assert.rejects(
        open(`postgres://me@db.invalid/x?sslmode=${mode}`),
        errorOf("store-failed", /name (is unknown|cannot be looked up)/),
      );
    }
  });

  test("that is several servers is refused before any of them is asked", async () => {
    for (const url of [
      "postgres://a,b/x",
      "postgres://me@a:1,b:2/x",
      "postgres:///x?target_session_attrs=any",
    ]) {
      await assert.rejects(
        openPostgresStore({ url, clock: Date.now, random: randomBytes, role: "command" }),
        errorOf("input-invalid", /choice between several servers/),
      );
    }
  });

  test("of a newer version is refused", async () => {
    const url = await createDatabase();
    await using admin = await connect(url);
    await admin.run("INSERT INTO migrations VALUES (999, 'from the future', 1, 0)");
    await assert.rejects(
      openPostgresStore({ url, clock: Date.now, random: randomBytes, role: "server" }),
      errorOf("store-newer", /from the future/),
    );
  });

  test("that is empty gets its tables once, however many start at the same time", async () => {
    const url = await server().createDatabase("started_together");
    const open = () => openPostgresStore({ url, clock: Date.now, random: randomBytes, role: "server" });
    const stores = await Promise.all([open(), open(), open()]);
    const clusters = await Promise.all(stores.map((store) => store.clusters.listClusters()));
    assert.deepEqual(
      clusters.map((list) => list.length),
      [1, 1, 1],
    );
    for (const store of stores) await store.close();
  });
});
