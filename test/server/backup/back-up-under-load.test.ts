/** Backups beside a control plane that is written to: what was acknowledged before one began is in it. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createApiClient, type HttpApiClient } from "../../../src/api/client.ts";
import { idFromBytes, type ReleaseId } from "../../../src/engine/id.ts";
import type { JobId, TaskId } from "../../../src/engine/job.ts";
import { backUp } from "../../../src/server/backup/back-up.ts";
import { restore } from "../../../src/server/backup/restore.ts";
import { readFileBlobs } from "../../../src/server/blobs.ts";
import type { Store } from "../../../src/store/port.ts";
import { openSqliteStore } from "../../../src/store/sqlite/store.ts";
import { sha256, slug } from "../../store/samples.ts";
import { packOneFile } from "../../support/archives.ts";
import { startControlPlaneProcess } from "../../support/control-plane-process.ts";
import { createScratchFolder, type ScratchFolder } from "../../support/scratch-folder.ts";
import { submission } from "../services/jobs-under-test.ts";

const backups = 5;
const publishers = 2;
const runners = 4;
const workflow = (index: number) => slug(`workflow-${index}`);

/** What was answered so far. */
class Acknowledged {
  readonly releases: { readonly workflow: number; readonly id: ReleaseId }[] = [];
  /** How often each workflow's release was deployed. */
  readonly deploys = Array.from({ length: publishers }, () => 0);
  readonly jobs: JobId[] = [];
  readonly computed: TaskId[] = [];

  counts() {
    const { releases, jobs, computed } = this;
    return {
      releases: releases.length,
      jobs: jobs.length,
      computed: computed.length,
      deploys: [...this.deploys],
    };
  }
}

function uuidOf<Kind extends string>(id: { readonly uuid: Uint8Array } | undefined) {
  return idFromBytes<Kind>(id?.uuid ?? new Uint8Array()) ?? assert.fail("an answer without an id");
}

/** Uploads, publishes and deploys one release after the other. */
async function publish(
  api: HttpApiClient,
  index: number,
  folder: ScratchFolder,
  done: Acknowledged,
  signal: AbortSignal,
) {
  for (let round = 0; !signal.aborted; round++) {
    const archive = await packOneFile(folder, randomBytes(2_000));
    const { artifactId } = await api.uploadArtifact(archive);
    const { id } = await api.workflows.publishWorkflowRelease({
      workflowSlug: workflow(index),
      artifactId: { uuid: artifactId },
      content: {
        fingerprint: sha256(`${index} ${round}`),
        tasks: [{ name: "Task", version: "v1.0" }],
        files: [{ path: "main.py" }],
        runnerObjectPath: "main:runner",
      },
    });
    done.releases.push({ workflow: index, id: uuidOf<"release">(id) });
    await api.workflows.deployWorkflowRelease({
      workflowSlug: workflow(index),
      releaseId: id,
      clusterSlugs: [],
    });
    done.deploys[index] = (done.deploys[index] ?? 0) + 1;
  }
}

async function runTasks(api: HttpApiClient, done: Acknowledged, signal: AbortSignal) {
  let computedTask: { id: { uuid: Uint8Array }; display: string } | undefined;
  while (!signal.aborted) {
    const report = computedTask;
    const { nextTask } = await api.tasks.nextTask({
      ...(report !== undefined && { computedTask: report }),
      nextTaskToRun: { identifiers: [{ name: "Task", version: "v1.0" }] },
    });
    if (report !== undefined) done.computed.push(uuidOf(report.id));
    computedTask = nextTask?.id === undefined ? undefined : { id: nextTask.id, display: nextTask.display };
    if (computedTask !== undefined) continue;
    const { id } = await api.jobs.submitJob(submission(["a", "b", "c"]));
    done.jobs.push(uuidOf(id));
  }
}

async function verify(folder: string, done: Acknowledged, before: ReturnType<Acknowledged["counts"]>) {
  const path = join(folder, "control-plane.sqlite");
  {
    using database = new DatabaseSync(path, { readOnly: true });
    assert.deepEqual(
      database
        .prepare("PRAGMA integrity_check")
        .all()
        .map((row) => row.integrity_check),
      ["ok"],
    );
    assert.deepEqual(database.prepare("PRAGMA foreign_key_check").all(), []);
  }
  const store = await openSqliteStore({
    dataFolder: folder,
    clock: Date.now,
    random: randomBytes,
    role: "server",
  });
  try {
    await verifyReleases(store, folder, done, before);
    for (const job of done.jobs.slice(0, before.jobs)) await store.jobs.getJob(job);
    for (const task of done.computed.slice(0, before.computed)) {
      assert.equal((await store.jobs.readQueuedTask(task))?.state, "computed");
    }
  } finally {
    await store.close();
  }
}

async function verifyReleases(
  store: Store,
  folder: string,
  done: Acknowledged,
  before: ReturnType<Acknowledged["counts"]>,
) {
  for (let index = 0; index < publishers; index++) {
    const { releases } = await store.workflows.getWorkflow(workflow(index));
    const ids = new Set(releases.map(({ id }) => id));
    const expected = done.releases.slice(0, before.releases).filter((release) => release.workflow === index);
    for (const { id } of expected) assert.ok(ids.has(id), "an acknowledged release is missing");
    const history = await store.releases.listHistory({ workflow: workflow(index), limit: 100_000 });
    assert.ok(history.filter(({ kind }) => kind === "deploy").length >= (before.deploys[index] ?? 0));
    for (const { artifact } of releases) {
      const { archiveSha256 } = (await store.artifacts.findArtifact({ id: artifact.id })) ?? assert.fail();
      await access(join(folder, "artifacts", archiveSha256.slice(0, 2), archiveSha256));
    }
  }
}

test(`${backups} backups while releases, deployments and tasks are written, each restored`, async (t) => {
  await using scratch = await createScratchFolder();
  await using source = await createScratchFolder();
  const place = join(scratch.path, "backups");
  const done = new Acknowledged();
  const end = new AbortController();
  {
    await using server = await startControlPlaneProcess(source.path, "none");
    using api = await createApiClient({ url: server.url, apiKey: undefined, env: {} });
    for (let index = 0; index < publishers; index++) {
      const name = workflow(index);
      await api.workflows.createWorkflow({ name });
    }
    const { signal } = end;
    const writers = [
      ...Array.from({ length: publishers }, (_, index) => publish(api, index, scratch, done, signal)),
      ...Array.from({ length: runners }, () => runTasks(api, done, signal)),
    ];
    const failed = Promise.all(writers).then(() => {});
    failed.catch(() => {});
    let computed = 0;
    for (let round = 0; round < backups; round++) {
      // Each has something new to say.
      while (done.computed.length < computed + 50 || done.releases.length < 3 * (round + 1)) {
        await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 5))]);
      }
      computed = done.computed.length;
      const before = done.counts();
      const artifacts = readFileBlobs(join(source.path, "artifacts"));
      const startedAt = performance.now();
      const { folder, copied } = await backUp({ dataFolder: source.path, artifacts, place, clock: Date.now });
      const tookMs = performance.now() - startedAt;
      const during = done.counts();
      t.diagnostic(
        `backup ${round}: ${tookMs.toFixed(0)} ms, ${copied.artifacts} artifacts; meanwhile ${during.computed - before.computed} tasks and ${during.releases - before.releases} releases`,
      );
      const target = join(scratch.path, `restored-${round}`);
      await restore({ from: folder, dataFolder: target, artifacts: undefined });
      await verify(target, done, before);
    }
    end.abort();
    await failed;
  }
});
