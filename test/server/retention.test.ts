/** Passes of retention over a real store and real files, each begun by the test. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as waitFor } from "node:timers/promises";
import pg from "pg";
import { verifyArchive } from "../../src/artifact/verify.ts";
import type { Retention } from "../../src/engine/retention.ts";
import { type ArtifactRoom, createArtifactRoom } from "../../src/server/artifacts.ts";
import { type BlobStore, openFileBlobs } from "../../src/server/blobs.ts";
import { openControlPlane } from "../../src/server/control-plane.ts";
import { createServerFigures } from "../../src/server/figures.ts";
import { pauseMs, type Removed, startRetention } from "../../src/server/retention.ts";
import type { Timers } from "../../src/server/timers.ts";
import type { Store } from "../../src/store/port.ts";
import { openPostgresStore } from "../../src/store/postgres/store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { anyTask, claim, compute, inTurn, newJob, runAll, task } from "../store/job-samples.ts";
import { addWorkflow, publishRequest } from "../store/samples.ts";
import { packOneFile, type TestArchive } from "../support/archives.ts";
import { errorOf } from "../support/errors.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const dayMs = 86_400_000;
const forever: Retention = { jobsMs: undefined, jobs: undefined, artifactsMs: undefined };

/** Passes wait for the test; the pauses within one end at once, or when what the test does in them has ended. */
class PassTimers implements Timers {
  #begin: (() => void) | undefined;
  #onWaiting: (() => void) | undefined;
  onPause: () => Promise<unknown> = async () => {};

  set(callback: () => void, afterMs: number): () => void {
    if (afterMs === pauseMs) {
      const ended = this.onPause().then(callback, callback);
      return () => void ended;
    }
    this.#begin = callback;
    this.#onWaiting?.();
    return () => {
      this.#begin = undefined;
    };
  }

  get isWaiting(): boolean {
    return this.#begin !== undefined;
  }

  /** Begins a pass; fulfilled when it has ended. */
  async pass(): Promise<void> {
    const begin = this.#begin ?? assert.fail("no pass is waited for");
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#begin = undefined;
    this.#onWaiting = resolve;
    begin();
    await promise;
  }
}

interface Place extends AsyncDisposable {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly room: ArtifactRoom;
  readonly folder: Awaited<ReturnType<typeof createScratchFolder>>;
  readonly clock: () => number;
  advanceMs(ms: number): void;
}

async function openPlace(
  openStore = (dataFolder: string, clock: () => number) =>
    openSqliteStore({ dataFolder, clock, random: randomBytes, role: "server" }),
): Promise<Place> {
  const folder = await createScratchFolder();
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = () => nowMs;
  const store = await openStore(`${folder.path}/data`, clock);
  const blobs = await openFileBlobs(`${folder.path}/blobs`);
  const limits = { maxArchiveSizeBytes: 1_000_000, maxUploads: 100 };
  return {
    store,
    blobs,
    room: createArtifactRoom({
      store: store.artifacts,
      blobs,
      verify: verifyArchive,
      limits,
      figures: createServerFigures().artifacts,
    }),
    folder,
    clock,
    advanceMs: (ms) => {
      nowMs += ms;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function retain(place: Pick<Place, "store" | "blobs" | "clock">, retention: Partial<Retention>) {
  const timers = new PassTimers();
  const removed: Removed[] = [];
  const failures: unknown[] = [];
  const running = startRetention({
    storage: place,
    retention: { ...forever, ...retention },
    clock: place.clock,
    monotonicMs: () => 0,
    timers,
    onRemoved: (counts) => removed.push(counts),
    report: (error) => failures.push(error),
  });
  return { timers, removed, failures, close: () => running.close(), pass: () => timers.pass() };
}

async function* bytesOf({ bytes }: TestArchive): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const upload = (room: ArtifactRoom, archive: TestArchive) => room.receive(archive.digest, bytesOf(archive));

describe("a pass of retention", () => {
  test("removes jobs by age and by count, as long as it takes, and says what it removed", async () => {
    await using place = await openPlace();
    const { jobs } = place.store;
    const submit = (name: string) => jobs.submitJob(newJob(inTurn([task(name)])));
    const failed = await submit("fails");
    const held = await claim(jobs);
    await jobs.failTask({ id: held.id, display: "", progress: [], wasWorkflowError: true });
    const made = [];
    for (let index = 0; index < 130; index++) made.push(await submit("a"));
    await runAll(jobs);
    const byCount = retain(place, { jobs: 20 });
    await byCount.pass();
    assert.deepEqual(byCount.removed, [{ jobs: 110, artifacts: 0 }]);
    await byCount.pass();
    assert.equal(byCount.removed.length, 1, "nothing to say");
    const oldestKept = made[110] ?? assert.fail();
    assert.equal((await jobs.getJob(oldestKept.id)).state, "completed");
    assert.equal((await jobs.getJob(failed.id)).state, "failed");
    const newest = await submit("waits");
    place.advanceMs(dayMs + 1);
    const byAge = retain(place, { jobsMs: dayMs });
    await byAge.pass();
    assert.deepEqual(byAge.removed, [{ jobs: 21, artifacts: 0 }]);
    assert.equal((await jobs.getJob(newest.id)).state, "submitted");
    assert.deepEqual([...byCount.failures, ...byAge.failures], []);
    await byCount.close();
    await byAge.close();
  });

  test("removes nothing that nobody asked it to", async () => {
    await using place = await openPlace();
    await place.store.jobs.submitJob(newJob(inTurn([task("a")])));
    await runAll(place.store.jobs);
    await place.store.jobs.submitJob(newJob(inTurn([task("newest")])));
    const archive = await packOneFile(place.folder, "print()");
    await upload(place.room, archive);
    place.advanceMs(10_000 * dayMs);
    const retention = retain(place, {});
    await retention.pass();
    assert.deepEqual(retention.removed, []);
    assert.ok((await place.room.find(archive.digest)) !== undefined);
    await retention.close();
  });

  test("lets claims go on between its steps", async () => {
    await using place = await openPlace();
    const { jobs } = place.store;
    for (let index = 0; index < 300; index++) await jobs.submitJob(newJob(inTurn([task("old")])));
    await runAll(jobs);
    place.advanceMs(dayMs + 1);
    await jobs.submitJob(newJob(inTurn(Array.from({ length: 100 }, (_, index) => task(`${index}`)))));
    const retention = retain(place, { jobsMs: dayMs });
    let claimed = 0;
    retention.timers.onPause = async () => {
      if (claimed === 100) return;
      await compute(jobs, await claim(jobs));
      claimed++;
    };
    await retention.pass();
    assert.deepEqual(retention.removed, [{ jobs: 300, artifacts: 0 }]);
    assert.ok(claimed > 10, `${claimed} claims`);
    assert.equal((await runAll(jobs, {}, anyTask)).length, 100 - claimed);
    await retention.close();
  });

  test("ends with the step under way when the control plane closes, and begins no other", async () => {
    await using place = await openPlace();
    await upload(place.room, await packOneFile(place.folder, "print(1)"));
    await upload(place.room, await packOneFile(place.folder, "print(2)"));
    place.advanceMs(dayMs + 1);
    const gate = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    let removals = 0;
    const blobs: BlobStore = {
      ...place.blobs,
      async remove(sha256) {
        removals++;
        began.resolve();
        await gate.promise;
        await place.blobs.remove(sha256);
      },
    };
    const retention = retain({ ...place, blobs }, { artifactsMs: dayMs });
    void retention.pass();
    await began.promise;
    const closing = retention.close();
    gate.resolve();
    await closing;
    assert.deepEqual([removals, retention.failures, retention.timers.isWaiting], [1, [], false]);
  });
});

describe("retention of artifacts", () => {
  test("removes record and bytes of what no release names, and nothing else", async () => {
    await using place = await openPlace();
    const workflow = await addWorkflow(place.store, "tiles");
    const [unused, released] = [
      await packOneFile(place.folder, "print(1)"),
      await packOneFile(place.folder, "print(2)"),
    ];
    await upload(place.room, unused);
    const artifact = await upload(place.room, released);
    await place.store.releases.publish(publishRequest(workflow, artifact, "a"));
    place.advanceMs(dayMs + 1);
    const retention = retain(place, { artifactsMs: dayMs });
    await retention.pass();
    assert.deepEqual(retention.removed, [{ jobs: 0, artifacts: 1 }]);
    assert.deepEqual(
      [await place.blobs.has(unused.sha256), await place.blobs.has(released.sha256)],
      [false, true],
    );
    assert.equal(await place.room.find(unused.digest), undefined);
    await upload(place.room, unused);
    assert.ok(await place.blobs.has(unused.sha256));
    await retention.close();
  });

  test("whoever was told that it is there can publish it, and whoever comes during the removal is told to come again", async () => {
    await using place = await openPlace();
    const workflow = await addWorkflow(place.store, "tiles");
    const [asked, late] = [
      await packOneFile(place.folder, "print(1)"),
      await packOneFile(place.folder, "print(2)"),
    ];
    await upload(place.room, asked);
    const old = await upload(place.room, late);
    place.advanceMs(dayMs + 1);
    const told = (await place.room.use(asked.digest)) ?? assert.fail();
    const gate = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const blobs: BlobStore = {
      ...place.blobs,
      async remove(sha256) {
        began.resolve();
        await gate.promise;
        await place.blobs.remove(sha256);
      },
    };
    const retention = retain({ ...place, blobs }, { artifactsMs: dayMs });
    const pass = retention.pass();
    await began.promise;
    await place.store.releases.publish(publishRequest(workflow, told, "a"));
    await assert.rejects(place.room.use(late.digest), errorOf("artifact-busy"));
    await assert.rejects(upload(place.room, late), errorOf("artifact-busy"));
    await assert.rejects(
      place.store.releases.publish(publishRequest(workflow, old, "b")),
      errorOf("artifact-not-found"),
    );
    gate.resolve();
    await pass;
    assert.equal(await place.room.use(late.digest), undefined);
    const anew = await upload(place.room, late);
    await place.store.releases.publish(publishRequest(workflow, anew, "b"));
    place.advanceMs(10 * dayMs);
    await retention.pass();
    for (const { digest, bytes } of [asked, late]) {
      const { archive } = await place.room.open(digest);
      assert.deepEqual(Buffer.concat(await archive.toArray()), bytes);
    }
    await retention.close();
  });

  test("is finished by the next pass where one was broken off, before or after the bytes went", async () => {
    await using place = await openPlace();
    const [first, second] = [
      await packOneFile(place.folder, "print(1)"),
      await packOneFile(place.folder, "print(2)"),
    ];
    await upload(place.room, first);
    await upload(place.room, second);
    place.advanceMs(dayMs + 1);
    let calls = 0;
    const blobs: BlobStore = {
      ...place.blobs,
      async remove(sha256) {
        calls++;
        if (calls === 1) throw new Error("broken off before");
        await place.blobs.remove(sha256);
        if (calls === 2) throw new Error("broken off after");
      },
    };
    const retention = retain({ ...place, blobs }, { artifactsMs: dayMs });
    await retention.pass();
    assert.equal(await place.room.find(first.digest), undefined);
    await retention.pass();
    assert.equal(retention.failures.length, 2);
    await retention.pass();
    assert.equal(retention.failures.length, 2);
    for (const { digest, sha256 } of [first, second]) {
      assert.equal(await place.blobs.has(sha256), false);
      assert.equal(await place.room.use(digest), undefined);
    }
    assert.deepEqual(await place.store.retention.listArtifactsInRemoval(10), []);
    await retention.close();
  });

  test("never ends with a release whose bytes are gone, however publishers and passes meet", async () => {
    await using place = await openPlace();
    const { store, room } = place;
    const workflow = await addWorkflow(store, "tiles");
    const archives = [];
    for (let index = 0; index < 12; index++) {
      archives.push(await packOneFile(place.folder, `print(${index})`));
    }
    const retention = retain(place, { artifactsMs: dayMs });
    /** What a publisher does: ask, upload where it is missing, come again where it is told to. */
    async function publish(archive: TestArchive, name: string): Promise<void> {
      for (;;) {
        try {
          const artifact = (await room.use(archive.digest)) ?? (await upload(room, archive));
          const { release } = await store.releases.publish(publishRequest(workflow, artifact, name));
          const { archive: bytes } = await room.open(archive.digest);
          assert.deepEqual(Buffer.concat(await bytes.toArray()), archive.bytes);
          return await store.releases.unpublish({ workflow, release: release.id, actor: "ci" });
        } catch (error) {
          if (!errorOf("artifact-busy")(error) && !errorOf("artifact-not-found")(error)) throw error;
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    }
    for (let round = 0; round < 10; round++) {
      place.advanceMs(dayMs + 1);
      const pass = retention.pass();
      await Promise.all(archives.map((archive, index) => publish(archive, `${round} ${index}`)));
      await pass;
    }
    assert.deepEqual(retention.failures, []);
    await retention.close();
  });
});

describe("retention of control planes on one database", () => {
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres({ durable: false });
  });
  after(() => server[Symbol.dispose]());

  test("runs on one of them at a time", async () => {
    const url = await server.createDatabase("shared");
    const open = (clock: () => number) =>
      openPostgresStore({ url, clock, random: randomBytes, role: "server" });
    await using place = await openPlace((_, clock) => open(clock));
    const other = await open(place.clock);
    try {
      const { jobs } = place.store;
      for (let index = 0; index < 5; index++) await jobs.submitJob(newJob(inTurn([task("a")])));
      await runAll(jobs);
      await upload(place.room, await packOneFile(place.folder, "print(1)"));
      place.advanceMs(dayMs + 1);
      const gate = Promise.withResolvers<void>();
      const began = Promise.withResolvers<void>();
      const first = retain(place, { artifactsMs: dayMs, jobsMs: dayMs });
      const second = retain({ ...place, store: other }, { artifactsMs: dayMs, jobsMs: dayMs });
      first.timers.onPause = async () => {
        began.resolve();
        await gate.promise;
      };
      const pass = first.pass();
      await began.promise;
      await second.pass();
      assert.deepEqual(second.removed, []);
      assert.equal((await other.jobs.countJobs({ fromMs: undefined, beforeMs: undefined })).size, 1);
      gate.resolve();
      await pass;
      assert.deepEqual(first.removed, [{ jobs: 4, artifacts: 1 }]);
      await second.pass();
      assert.deepEqual([second.removed, first.failures, second.failures], [[], [], []]);
      await first.close();
      await second.close();
    } finally {
      await other.close();
    }
  });

  test("holds up no control plane that stops while the database does not answer", async () => {
    const url = await server.createDatabase("stopping");
    await using folder = await createScratchFolder();
    const controlPlane = await openControlPlane({
      dataFolder: folder.path,
      database: url,
      retention: { ...forever, artifactsMs: dayMs },
      clock: Date.now,
      random: randomBytes,
      verify: verifyArchive,
      // That its connections were cut.
      report: () => {},
    });
    const [admin, watcher] = [new pg.Client(url), new pg.Client(url)];
    await Promise.all([admin.connect(), watcher.connect()]);
    const countWaiting = async (): Promise<number> => {
      const waiting = "SELECT FROM pg_stat_activity WHERE datname = 'stopping' AND wait_event_type = 'Lock'";
      return (await watcher.query(waiting)).rowCount ?? 0;
    };
    try {
      await admin.query("BEGIN; LOCK TABLE artifacts IN ACCESS EXCLUSIVE MODE");
      while ((await countWaiting()) === 0) await waitFor(50);
      await controlPlane.close(100);
      // PostgreSQL has not given up on the step's statement; the control plane has.
      assert.equal(await countWaiting(), 1);
    } finally {
      await Promise.all([admin.end(), watcher.end()]);
      await controlPlane.close(0);
    }
  });

  test("is another one's turn as soon as a pass has ended, however it did", async () => {
    const url = await server.createDatabase("lost");
    const open = (clock: () => number) =>
      openPostgresStore({ url, clock, random: randomBytes, role: "server" });
    await using place = await openPlace((_, clock) => open(clock));
    const other = await open(place.clock);
    try {
      await other.retention.runAlone(async () => {
        assert.equal(await place.store.retention.runAlone(async () => {}), false);
      });
      assert.equal(await place.store.retention.runAlone(async () => {}), true);
      const broken = new Error("broken off");
      await assert.rejects(
        other.retention.runAlone(async () => {
          throw broken;
        }),
        (error) => error === broken,
      );
      assert.equal(await place.store.retention.runAlone(async () => {}), true);
    } finally {
      await other.close();
    }
  });
});
