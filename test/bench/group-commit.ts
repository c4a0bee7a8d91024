/**
 * What committing a turn's writes together gains over one transaction a write, on this disk: durable
 * writes a second through the store's writer, as ratios to the naive way measured in the same run.
 * `node test/bench/group-commit.ts`
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../src/store/sqlite/database.ts";
import { createWriter } from "../../src/store/sqlite/writer.ts";

const rounds = 3;
const roundMs = 1_000;
const clientCounts = [1, 16, 64];

const folder = mkdtempSync(join(tmpdir(), "group-commit-"));
let databases = 0;

function openTable() {
  const path = join(folder, `${databases++}.sqlite`);
  const database = openDatabase(path);
  database.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL) STRICT");
  const insert = database.prepare("INSERT INTO rows (a, b) VALUES (?, ?)");
  const text = "x".repeat(60);
  return { path, database, insert: () => insert.run(text, text) };
}

/** The naive way: BEGIN, INSERT, COMMIT. */
function oneByOne(): number {
  const { database, insert } = openTable();
  const [begin, commit] = [database.prepare("BEGIN IMMEDIATE"), database.prepare("COMMIT")];
  let count = 0;
  for (const endMs = performance.now() + roundMs; performance.now() < endMs; count++) {
    begin.run();
    insert();
    commit.run();
  }
  database.close();
  return (count / roundMs) * 1_000;
}

/** So many clients that each wait for their answer before they write again. */
async function together(clients: number): Promise<number> {
  const { path, database, insert } = openTable();
  const writer = createWriter(database, path);
  const endMs = performance.now() + roundMs;
  const counts = await Promise.all(
    Array.from({ length: clients }, async () => {
      let count = 0;
      for (; performance.now() < endMs; count++) await writer.submit(insert);
      return count;
    }),
  );
  database.close();
  return (counts.reduce((sum, count) => sum + count, 0) / roundMs) * 1_000;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const naive: number[] = [];
const grouped = clientCounts.map((clients) => ({ clients, rates: [] as number[] }));
for (let round = 0; round < rounds; round++) {
  naive.push(oneByOne());
  for (const { clients, rates } of grouped) rates.push(await together(clients));
}
console.log(`one transaction a write: ${Math.round(median(naive))}/s`);
for (const { clients, rates } of grouped) {
  const ratio = median(rates) / median(naive);
  console.log(`${clients} clients, committed together: ${Math.round(median(rates))}/s, ${ratio.toFixed(1)}x`);
}
rmSync(folder, { recursive: true });
