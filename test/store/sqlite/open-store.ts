import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { databaseFile } from "../../../src/store/sqlite/database.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import type { StoreUnderTest } from "../contract.ts";

/** A SQLite store in a folder of its own, with a clock that stands still until it is moved. */
export async function openStoreUnderTest(): Promise<StoreUnderTest & { readonly dataFolder: string }> {
  const dataFolder = await mkdtemp(join(tmpdir(), "workflow-release-store-"));
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = () => nowMs;
  const openAgain = () => openSqliteStore({ dataFolder, clock, random: randomBytes, role: "server" });
  const store = await openAgain();
  let newest = store;
  return {
    dataFolder,
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
      using database = new DatabaseSync(join(dataFolder, databaseFile), { readOnly: true });
      return Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
    },
    async [Symbol.asyncDispose]() {
      await newest.close();
      await rm(dataFolder, { recursive: true });
    },
  };
}
