/** What the database says when all is over. */
import assert from "node:assert/strict";
import pg from "pg";
import type { Journal } from "./journal.ts";

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Of control planes: their connections, and jobs that are not at their end. */
export async function connectionsOf(url: string) {
  const [row] = await query<{ total: number; in_transaction: number; open_jobs: number }>(
    url,
    `SELECT count(*)::int AS total, count(*) FILTER (WHERE state LIKE 'idle in transaction%')::int AS in_transaction,
       (SELECT count(*)::int FROM jobs WHERE state <> 4) AS open_jobs
     FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'workflow-release'`,
  );
  if (row === undefined) throw new Error("no row");
  return { total: row.total, inTransaction: row.in_transaction, openJobs: row.open_jobs };
}

interface Told {
  readonly journal: Journal;
  readonly submitter: { readonly jobs: readonly Uint8Array[] };
}

/** Everything was done, by somebody who had it; everything that was acknowledged is there. */
export async function checkDatabase(url: string, { journal, submitter }: Told): Promise<void> {
  const jobs = await query<{ id: string; state: number }>(url, "SELECT id, state::int AS state FROM jobs");
  assert.deepEqual(
    jobs.filter(({ state }) => state !== 4),
    [],
    "jobs are not completed",
  );
  const ids = new Set(jobs.map(({ id }) => id.replaceAll("-", "")));
  for (const job of submitter.jobs) {
    assert.ok(ids.has(Buffer.from(job).toString("hex")), "a job was acknowledged and is lost");
  }
  const tasks = await query<{ id: string; state: number }>(url, "SELECT id, state::int AS state FROM tasks");
  for (const { id, state } of tasks) {
    assert.equal(state, 3, `task ${id}`);
    assert.ok(journal.holds.has(id.replaceAll("-", "")), `task ${id} is done, and nobody had it`);
  }
}
