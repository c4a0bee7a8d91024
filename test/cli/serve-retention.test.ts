import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runSource, serveSource } from "../support/cli-source.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

describe("serve", () => {
  test("keeps jobs unless it is told otherwise, and says what it keeps", async () => {
    await using folder = await createScratchFolder();
    await using served = await serveSource(["--data", folder.path, "--no-auth"], {});
    assert.deepEqual(served.announced.keeps, {
      keepJobsDays: "forever",
      keepJobs: "forever",
      keepArtifactsDays: 30,
      keepTelemetryDays: 30,
      keepTelemetryMib: 512,
    });
  });

  test("takes limits from options and from the environment, where empty is unset", async () => {
    await using folder = await createScratchFolder();
    await using served = await serveSource(
      ["--data", folder.path, "--no-auth", "--keep-jobs", "1000", "--keep-artifacts-days", "forever"],
      { WORKFLOW_RELEASE_KEEP_JOBS_DAYS: "90", WORKFLOW_RELEASE_KEEP_TELEMETRY_DAYS: "" },
    );
    assert.deepEqual(served.announced.keeps, {
      keepJobsDays: 90,
      keepJobs: 1000,
      keepArtifactsDays: "forever",
      keepTelemetryDays: 30,
      keepTelemetryMib: 512,
    });
  });

  test("refuses a limit that would remove everything", async () => {
    for (const option of [
      "--keep-jobs",
      "--keep-jobs-days",
      "--keep-artifacts-days",
      "--keep-telemetry-mib",
    ]) {
      const { exitCode, stderr } = await runSource(["serve", option, "0"]);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /give a whole number from 1/);
    }
  });
});
