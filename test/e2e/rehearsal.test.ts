/** A pull request of a fork: no secret, and still a real job from the exact artifact. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ActionRun, runAction } from "../support/action-runner.ts";
import { pullRequestEvent } from "../support/github-events.ts";
import { createScratchProject, type Edits } from "../support/scratch-project.ts";

async function rehearse(smokeTask: string, edits: Edits = {}): Promise<ActionRun> {
  await using project = await createScratchProject("tiles", edits);
  return await runAction({
    workspace: project.folder,
    event: pullRequestEvent(await project.git("rev-parse", "HEAD"), "feature"),
    inputs: { "smoke-task": smokeTask },
  });
}

test("the job runs to its end and its tasks are shown as a tree", async () => {
  await using run = await rehearse("tiles/Mosaic@v1.0 file:smoke.json", {
    "smoke.json": '{"columns": 2, "rows": 1}',
  });
  assert.equal(run.exitCode, 0, run.log);
  assert.match(run.log, /Rehearsal: completed in/);
  assert.match(run.summary, /\*\*Rehearsal\*\* of <code>tiles\/Mosaic<wbr>&#64;v1.2<\/code>: ✅ completed/);
  assert.match(run.summary, /<pre>TASK +STATE +TRIES +TIME\n/);
});

test("a task that fails is shown with its traceback, on its line of the project", async () => {
  await using run = await rehearse('tiles/Mosaic@v1.2 {"columns": 2, "rows": 1}', {
    "tiles.py": (text) =>
      `${text}\n\ndef _broken(self, context):\n    raise ValueError("no such tile")\n\n\nTile.execute = _broken\n`,
  });
  assert.equal(run.exitCode, 1, run.log);
  assert.equal(run.outputs["failure-reason"], "job-failed");
  assert.match(run.summary, /Failed while rehearsing: job-failed/);
  assert.match(run.summary, /ValueError&#58; no such tile/);
  const errors = run.commands.filter(({ name }) => name === "error");
  assert.ok(
    errors.some(({ properties }) => properties.file === "tiles.py"),
    JSON.stringify(errors),
  );
});

test("a task that the build does not have is refused with the nearest one", async () => {
  await using run = await rehearse("tiles/Mosaik@v1.2 {}");
  assert.equal(run.outputs["failure-reason"], "input-invalid", run.log);
  assert.match(run.log, /tiles\/Mosaic@v1\.2\?/);
});
