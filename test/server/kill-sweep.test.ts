/** A control plane that is killed while releases are published and deployed loses and doubles nothing. */
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { WorkflowsService } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import type { ReleaseId } from "../../src/engine/id.ts";
import type { Slug } from "../../src/engine/slug.ts";
import type { Store } from "../../src/store/port.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { addArtifact, addCluster, addWorkflow } from "../store/samples.ts";
import { startControlPlaneProcess } from "../support/control-plane-process.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { Publisher } from "./publisher.ts";

const kills = 100;
/** Data folders that are swept side by side; each server start takes most of its round. */
const lanes = 2;
const publishersPerLane = 3;
/**
 * A server is killed after so many answers, and then up to so many milliseconds later: counted in answers,
 * because a loaded machine answers nothing in a time in which another one answers dozens.
 */
const mostAnswers = 40;
const longestDelayMs = 8;

const open = (dataFolder: string) =>
  openSqliteStore({ dataFolder, role: "server", clock: Date.now, random: randomBytes });

test(`${kills} kills during publish and deploy: nothing acknowledged is lost, nothing is doubled`, async (t) => {
  const reopenMs = (await Promise.all(Array.from({ length: lanes }, () => sweep(kills / lanes)))).flat();
  const [median, longest] = [reopenMs.length >> 1, reopenMs.length - 1].map((index) =>
    reopenMs.toSorted((a, b) => a - b)[index]?.toFixed(1),
  );
  t.diagnostic(`the store reopened in ${median} ms (median), ${longest} ms (longest)`);
});

/** Returns how long each reopening took. */
async function sweep(rounds: number): Promise<number[]> {
  await using folder = await createScratchFolder();
  const { publishers, clusters } = await prepare(folder.path);
  const reopenMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await runUntilKilled(folder.path, publishers);
    const startedMs = performance.now();
    const store = await open(folder.path);
    reopenMs.push(performance.now() - startedMs);
    for (const publisher of publishers) await verify(store, publisher, clusters);
    await store.close();
    checkDatabase(join(folder.path, "control-plane.sqlite"));
  }
  return reopenMs;
}

async function prepare(dataFolder: string) {
  const store = await open(dataFolder);
  const clusters = [await addCluster(store, "dev"), await addCluster(store, "prod")];
  const { id } = await addArtifact(store, "shared");
  const names = Array.from({ length: publishersPerLane }, (_, index) => `workflow-${index}`);
  const publishers = [];
  for (const name of names) publishers.push(new Publisher(await addWorkflow(store, name), id, clusters));
  await store.close();
  return { publishers, clusters };
}

async function runUntilKilled(dataFolder: string, publishers: readonly Publisher[]): Promise<void> {
  const server = await startControlPlaneProcess(dataFolder, "none");
  const sessionManager = new Http2SessionManager(server.url);
  const client = createClient(WorkflowsService, createGrpcTransport({ baseUrl: server.url, sessionManager }));
  let left = randomInt(mostAnswers);
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const work = publishers.map((publisher) =>
    publisher.work(client, () => {
      if (left-- <= 0) resolve();
    }),
  );
  const failed = Promise.race(work).then((error) => assert.fail(`a call failed before the kill: ${error}`));
  await Promise.race([enough, failed]);
  failed.catch(() => {});
  await wait(randomInt(longestDelayMs));
  await server.kill();
  sessionManager.abort();
  await Promise.all(work);
}

/** Compares what the store has with what was answered; one call of each publisher may have gone either way. */
async function verify(store: Store, publisher: Publisher, clusters: readonly Slug[]): Promise<void> {
  const { workflow, published, pending } = publisher;
  const { releases } = await store.workflows.getWorkflow(workflow);
  const ids = new Set(releases.map((release) => release.id));
  assert.equal(
    new Set(releases.map((release) => release.content.fingerprint)).size,
    releases.length,
    "doubled",
  );
  for (const [name, id] of published)
    assert.ok(ids.has(id), `${workflow}: ${name} was acknowledged and is lost`);
  const mayBeNew = pending?.kind === "publish" ? 1 : 0;
  assert.ok(releases.length - published.size <= mayBeNew, `${workflow} has a release that nobody published`);

  const deployed = await Promise.all(clusters.map((cluster) => deployedRelease(store, cluster, workflow)));
  assert.equal(new Set(deployed).size, 1, "a deploy to two clusters reached one of them");
  const [now] = deployed;
  if (now !== publisher.deployed) {
    const expected = pending?.kind === "deploy" ? [...published.values()].at(-1) : undefined;
    assert.ok(
      pending?.kind === "deploy" || pending?.kind === "undeploy",
      `${workflow}: a deployment changed by itself`,
    );
    assert.equal(now, expected, `${workflow}: deployed is neither what was answered nor what was asked`);
    publisher.deployed = now;
    publisher.changes++;
  }
  await verifyHistory(store, publisher, clusters, releases.length);
}

async function deployedRelease(store: Store, cluster: Slug, workflow: Slug): Promise<ReleaseId | undefined> {
  const { deployments } = await store.clusters.getCluster({ kind: "slug", slug: cluster });
  return deployments.find((deployment) => deployment.workflow.slug === workflow)?.release.id;
}

/** The history tells each change once, and following it leads to what is deployed now. */
async function verifyHistory(
  store: Store,
  { workflow, deployed, changes }: Publisher,
  clusters: readonly Slug[],
  releaseCount: number,
): Promise<void> {
  const entries = await store.releases.listHistory({ workflow, limit: 1_000_000 });
  assert.equal(entries.filter((entry) => entry.kind === "publish").length, releaseCount);
  for (const cluster of clusters) {
    let now: ReleaseId | undefined;
    let count = 0;
    for (const entry of entries.toReversed()) {
      if (!("before" in entry) || entry.cluster !== cluster) continue;
      assert.equal(entry.before, now, "the history has a gap");
      now = entry.after;
      count++;
    }
    assert.equal(now, deployed);
    assert.equal(count, changes, "each change once");
  }
}

function checkDatabase(path: string): void {
  using database = new DatabaseSync(path, { readOnly: true });
  const integrity = database.prepare("PRAGMA integrity_check").all();
  assert.deepEqual(
    integrity.map((row) => row.integrity_check),
    ["ok"],
  );
  assert.deepEqual(database.prepare("PRAGMA foreign_key_check").all(), []);
}
