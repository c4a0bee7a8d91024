/** Runs of the action that are cancelled or run out of time. */
import assert from "node:assert/strict";
import { watch } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type ActionRun, startAction } from "../support/action-runner.ts";
import { pushEvent } from "../support/github-events.ts";
import { startHoldingProxy } from "../support/holding-proxy.ts";
import { processesWith } from "../support/process-list.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import { createScratchProject, type Edits } from "../support/scratch-project.ts";
import { seedControlPlane } from "../support/seeded-control-plane.ts";

/** A worker that tells through a file that its import has begun, and then takes its time. */
function slowImport(marker: string): Edits {
  const lines = [
    "import pathlib, time",
    `pathlib.Path(${JSON.stringify(marker)}).touch()`,
    "time.sleep(120)",
  ];
  return { "tiles.py": (text) => `${lines.join("\n")}\n${text}` };
}

async function fileAppears(folder: string): Promise<void> {
  for await (const _ of watch(folder, { signal: AbortSignal.timeout(60_000) })) return;
}

/** Nothing runs any more that was started in the run's folder; on Linux alone one can look. */
function assertNothingRuns(run: ActionRun): void {
  const left = processesWith(run.folder).map(({ commandLine }) => commandLine.replaceAll("\0", " "));
  assert.deepEqual(left, []);
}

test("timeout-minutes ends a run whose worker does not come up", async () => {
  await using scratch = await createScratchFolder();
  await using project = await createScratchProject("tiles", slowImport(join(scratch.path, "importing")));
  const running = await startAction({
    workspace: project.folder,
    event: pushEvent(await project.git("rev-parse", "HEAD")),
    inputs: { "timeout-minutes": "0.15" },
  });
  await using run = await running.finished;
  assert.equal(run.exitCode, 3, run.log);
  assert.equal(run.outputs["failure-reason"], "timed-out");
  assert.match(run.summary, /0\.15 minutes/);
  assert.ok(run.durationMs < 15_000, `${run.durationMs} ms`);
  assertNothingRuns(run);
});

// Windows has no signal that one process could send another to ask it to end.
if (process.platform !== "win32") {
  test("SIGINT during discovery ends the worker and reports within the runner's 7.5 s", async () => {
    await using scratch = await createScratchFolder();
    await using project = await createScratchProject("tiles", slowImport(join(scratch.path, "importing")));
    const importing = fileAppears(scratch.path);
    const running = await startAction({
      workspace: project.folder,
      event: pushEvent(await project.git("rev-parse", "HEAD")),
    });
    await importing;
    await using run = await running.cancel();
    assert.equal(run.lastSignal, "SIGINT", "it took more than 7.5 s");
    assert.equal(run.exitCode, 130, run.log);
    assert.equal(run.outputs["failure-reason"], "interrupted");
    assert.equal(run.outputs["workflow-slug"], "tiles");
    assert.match(run.summary, /^## ❌ Failed while building: interrupted$/m);
    assertNothingRuns(run);
  });

  test("SIGINT during a deploy gives back what was changed, and reports what each cluster has", async () => {
    await using controlPlane = await seedControlPlane({
      workflows: ["tiles"],
      clusters: ["tiles-dev", "tiles-north"],
    });
    await using proxy = await startHoldingProxy(controlPlane.url);
    await using project = await createScratchProject("tiles");
    const options = {
      workspace: project.folder,
      event: pushEvent(await project.git("rev-parse", "HEAD")),
      inputs: {
        "api-url": proxy.url,
        "api-key": controlPlane.apiKey,
        "dev-cluster": "tiles-dev",
        "production-cluster": "tiles-north",
      },
    };
    const deploying = proxy.hold("/DeployWorkflowRelease", "request");
    const before = await startAction(options);
    await deploying;
    await using notDone = await before.cancel();
    assert.equal(notDone.lastSignal, "SIGINT", "it took more than 7.5 s");
    assert.equal(notDone.outputs["failure-reason"], "interrupted");
    assert.equal(notDone.outputs.published, "created");
    assert.deepEqual(outcomes(notDone), ["tiles-dev failed", "tiles-north planned"]);
    assertNothingRuns(notDone);

    const deployed = proxy.hold("/DeployWorkflowRelease", "answer");
    const later = await startAction(options);
    await deployed;
    await using done = await later.cancel();
    assert.equal(done.lastSignal, "SIGINT", "it took more than 7.5 s");
    assert.equal(done.outputs["failure-reason"], "interrupted");
    assert.equal(done.outputs.changed, "false");
    assert.deepEqual(outcomes(done), ["tiles-dev restored", "tiles-north planned"]);
    assert.match(
      done.summary,
      /^## ❌ Failed while deploying to production: interrupted; 1 cluster restored$/m,
    );
    assert.deepEqual(await controlPlane.deployed("tiles"), {
      "tiles-dev": undefined,
      "tiles-north": undefined,
    });
    assertNothingRuns(done);
  });
}

function outcomes(run: ActionRun): string[] {
  const entries: Record<string, string>[] = JSON.parse(run.outputs.deployments ?? "");
  return entries.map(({ cluster, outcome }) => `${cluster} ${outcome}`);
}
