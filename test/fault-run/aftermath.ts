/** What database and control planes say when all is over. */
import assert from "node:assert/strict";
import pg from "pg";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import type { HistoryLine } from "../../src/api/history-calls.ts";
import type { Fleet } from "./fleet.ts";
import type { Journal } from "./journal.ts";
import type { Publisher } from "./producers.ts";

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

/** Each control plane says that it serves, whatever it went through, and nobody started it again for that. */
export async function checkReadiness(fleet: Fleet): Promise<void> {
  assert.deepEqual(fleet.endedByThemselves(), []);
  for (const index of fleet.places.keys()) {
    const { status } = await fetch(`${fleet.running(index).url}/readyz`, {
      signal: AbortSignal.timeout(10_000),
    });
    assert.equal(status, 200, `control plane ${index} is not ready`);
  }
}

/** Every acknowledged release can be read, and its artifact; every acknowledged deployment is in the history. */
export async function checkReleases(fleet: Fleet, publishers: readonly Publisher[]): Promise<void> {
  using api = await createApiClient({ url: fleet.running(0).url, apiKey: undefined, env: {} });
  for (const publisher of publishers) {
    const { releases } = await api.workflows.getWorkflow({ workflowSlug: publisher.workflow });
    const listed = new Set(releases.map(({ id }) => Buffer.from(id?.uuid ?? []).toString("hex")));
    assert.equal(new Set(releases.map(({ content }) => content?.fingerprint)).size, releases.length);
    for (const [id, { digest, bytes }] of publisher.published) {
      assert.ok(listed.has(id.replaceAll("-", "")), `release ${id} was acknowledged and is lost`);
      const { archive } = await api.downloadArtifact(digest, 1_000_000);
      assert.deepEqual(Buffer.concat(await archive.toArray()), bytes);
    }
    for (const cluster of publisher.clusters) await checkDeployments(api, publisher, cluster);
  }
}

/** What was acknowledged is there in its order, and the newest of it is what the cluster has. */
async function checkDeployments(api: HttpApiClient, publisher: Publisher, cluster: string): Promise<void> {
  assert.equal(await publisher.readDeployed(api, cluster), publisher.deployed);
  const entries = await wholeHistory(api, publisher.workflow, cluster);
  const deployed = entries.flatMap((entry) => (entry.kind === "deploy" ? [entry.after ?? ""] : []));
  assert.equal(deployed.at(-1), publisher.deployed, `the history of ${cluster} ends with another release`);
  let at = -1;
  for (const release of publisher.deployments) {
    const next = deployed.indexOf(release, at + 1);
    assert.ok(next > at, `a deployment of ${release} to ${cluster} was acknowledged and is lost`);
    at = next;
  }
}

/** Oldest first. */
async function wholeHistory(api: HttpApiClient, workflow: string, cluster: string): Promise<HistoryLine[]> {
  const entries: HistoryLine[] = [];
  for (let before: number | undefined; ; ) {
    const page = await api.readHistory({ workflow, cluster, before, limit: 1_000 });
    entries.push(...(page?.entries ?? []));
    if (page === undefined || page.next === null) return entries.reverse();
    before = page.next;
  }
}
