/** Rows as a version wrote them that noted neither when a job was canceled nor when an artifact was used. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { databaseFile } from "../../../src/store/sqlite/database.ts";
import { removeJobs } from "../contract-retention.ts";
import { inTurn, newJob, task } from "../job-samples.ts";
import { addArtifact } from "../samples.ts";
import { openStoreUnderTest } from "./open-store.ts";

const dayMs = 86_400_000;

async function openOld() {
  const under = await openStoreUnderTest();
  const canceled = await under.store.jobs.submitJob(newJob(inTurn([task("a")])));
  await under.store.jobs.submitJob(newJob(inTurn([task("newest")])));
  const artifact = await addArtifact(under.store, "a");
  under.advanceMs(10 * dayMs);
  await under.store.jobs.cancelJob(canceled.id);
  await under.store.close();
  {
    using database = new DatabaseSync(join(under.dataFolder, databaseFile));
    database.exec("UPDATE jobs SET canceled_at_ms = NULL; UPDATE artifacts SET used_at_ms = NULL");
  }
  const store = await under.reopen();
  return { under, store, canceled, artifact };
}

describe("retention of what an older version wrote", () => {
  test("takes a canceled job to be as old as it can be", async () => {
    const { under, store, canceled } = await openOld();
    await using _ = under;
    const submittedAtMs = canceled.submittedAtMs;
    assert.equal(await removeJobs(store, ["canceled"], { endedBeforeMs: submittedAtMs }), 0);
    assert.equal(await removeJobs(store, ["canceled"], { endedBeforeMs: submittedAtMs + 1 }), 1);
  });

  test("takes an artifact to be used when it is first looked at", async () => {
    const { under, store, artifact } = await openOld();
    await using _ = under;
    const look = () =>
      store.retention.beginArtifactRemoval({
        unusedSinceMs: under.clock() - dayMs,
        startingAfter: undefined,
      });
    await look();
    under.advanceMs(dayMs);
    await look();
    assert.deepEqual(await store.artifacts.findArtifact({ id: artifact.id }), artifact);
    under.advanceMs(1);
    await look();
    assert.equal(await store.artifacts.findArtifact({ id: artifact.id }), undefined);
  });
});
