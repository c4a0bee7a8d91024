/** What one control plane knows of a runner that asks another one. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout as waitFor } from "node:timers/promises";
import { idFromBytes } from "../../src/engine/id.ts";
import { openControlPlane } from "../../src/server/control-plane.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { submission } from "./services/jobs-under-test.ts";

test("a control plane that no runner asks says why a task is not claimed by those that ask another one", async () => {
  await using resources = new AsyncDisposableStack();
  const server = resources.use(await startPostgres({ durable: false }));
  const database = await server.createDatabase("shared");
  const open = async () => {
    const folder = resources.use(await createScratchFolder());
    const plane = await openControlPlane({
      dataFolder: folder.path,
      database,
      clock: Date.now,
      random: randomBytes,
      verify: () => assert.fail("nothing is uploaded"),
      report: ({ error }) => assert.fail(String(error)),
    });
    resources.defer(() => plane.close(0));
    return plane;
  };
  const [asked, other] = [await open(), await open()];
  const api = await other.connect("submitter");
  const { id } = await api.jobs.submitJob(submission(["wanted"], { name: "Wanted", version: "v1.5" }));
  const job = idFromBytes<"job">(id?.uuid ?? new Uint8Array()) ?? assert.fail("no id");
  const obstacles = async () => (await other.explainJob(job)).tasks.flatMap((task) => task.obstacles);
  assert.deepEqual(
    (await obstacles()).map(({ kind }) => kind),
    ["no-runner", "no-deployment"],
  );
  const runner = await asked.connect("runner");
  await runner.tasks.nextTask({ nextTaskToRun: { identifiers: [{ name: "Wanted", version: "v1.4" }] } });
  while ((await obstacles()).some(({ kind }) => kind === "no-runner")) await waitFor(20);
  assert.deepEqual(await obstacles(), [{ kind: "minor-too-old", wanted: "v1.5", available: ["v1.4"] }]);
});
