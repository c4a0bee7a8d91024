import { randomBytes } from "node:crypto";
import { after, before } from "node:test";
import pg from "pg";
import { openPostgresStore } from "../../../src/store/postgres/store.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres-server.ts";
import type { StoreUnderTest } from "../contract.ts";

let server: PostgresServer | undefined;
let databases = 0;

/** A server for the tests of this file, whose databases are copies of one that has the schema. */
export function useServer(): { readonly server: () => PostgresServer } {
  before(async () => {
    server = await startPostgres({ durable: false });
    const url = await server.createDatabase("schema");
    const store = await openPostgresStore({ url, clock: Date.now, random: randomBytes, role: "command" });
    await store.close();
  });
  after(() => server?.[Symbol.dispose]());
  return { server: running };
}

function running(): PostgresServer {
  if (server === undefined) throw new Error("call useServer in this file");
  return server;
}

export function createDatabase(): Promise<string> {
  return running().createDatabase(`store${++databases}`, "schema");
}

/** A PostgreSQL store in a database of its own, with a clock that stands still until it is moved. */
export async function openStoreUnderTest(): Promise<StoreUnderTest & { readonly url: string }> {
  const url = await createDatabase();
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = () => nowMs;
  const openAgain = () => openPostgresStore({ url, clock, random: randomBytes, role: "server" });
  const store = await openAgain();
  let newest = store;
  return {
    url,
    store,
    clock,
    advanceMs: (ms) => {
      nowMs += ms;
    },
    async reopen() {
      await newest.close();
      newest = await openAgain();
      return newest;
    },
    async countRows(table) {
      const client = new pg.Client(url);
      await client.connect();
      try {
        const { rows } = await client.query(`SELECT count(*) AS count FROM ${table}`);
        return Number(rows[0]?.count);
      } finally {
        await client.end();
      }
    },
    async [Symbol.asyncDispose]() {
      await newest.close();
    },
  };
}
