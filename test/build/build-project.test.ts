import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Build } from "../../src/build/build.ts";
import { discoveryLimits } from "../../src/build/discover.ts";
import { buildSample, buildScratch, silentLog } from "../support/builds.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchProject } from "../support/scratch-project.ts";

const paths = (build: Build) => build.manifest.map(({ path }) => path);

describe("building a project", { concurrency: 2 }, () => {
  it("gives a Build and writes it beside the archive", async () => {
    await using project = await createScratchProject("tiles");
    const lines: string[] = [];
    const build = await buildScratch(project, { log: { ...silentLog, info: (line) => lines.push(line) } });
    assert.deepEqual(paths(build), ["palette.json", "pyproject.toml", "tiles.py", "uv.lock"]);
    assert.deepEqual(build.tasks, [
      { name: "tiles/Flaky", version: "v1.0" },
      { name: "tiles/Join", version: "v1.0" },
      { name: "tiles/Mosaic", version: "v1.2" },
      { name: "tiles/Preview", version: "v1.0" },
      { name: "tiles/Tile", version: "v1.0" },
    ]);
    assert.match(build.digest, /^[0-9a-f]{64}$/);
    assert.match(build.fingerprint, /^[0-9a-f]{64}$/);
    assert.deepEqual(build.entrypoint, { kind: "runner", objectPath: "tiles:runner" });
    assert.deepEqual(build.notices, []);
    assert.ok(build.measured.discoverMs > 0);
    assert.equal(build.archive.path, join(project.folder, ".workflow-release", "tiles.tar.zst"));
    const written = await readFile(join(project.folder, ".workflow-release", "build.json"), "utf8");
    assert.deepEqual(JSON.parse(written), build);
    assert.deepEqual(readdirSync(join(project.folder, ".workflow-release")).sort(), [
      "build.json",
      "tiles.tar.zst",
    ]);
    assert.ok(
      lines.some((line) => line.includes("uv run --locked python -m tilebox.workflows.runner tiles:runner")),
    );

    const again = await buildScratch(project);
    assert.deepEqual([again.digest, again.fingerprint], [build.digest, build.fingerprint]);
    // Python's caches and environments of the discovery stay out of the checkout.
    assert.equal(await project.git("status", "--porcelain", "--ignored"), "?? .workflow-release/");
  });

  it("discovers a package in src that hatchling builds", async () => {
    const build = await buildSample("greetings");
    assert.deepEqual(build.tasks, [
      { name: "greetings/Greet", version: "v2.1" },
      { name: "greetings/GreetAll", version: "v1.0" },
    ]);
    assert.ok(paths(build).includes("src/greetings/templates/words.json"));
  });

  it("discovers what a command serves", async () => {
    const build = await buildSample("command");
    assert.deepEqual(build.tasks, [{ name: "Echo", version: "v0.0" }]);
    assert.equal(build.entrypoint.kind, "command");
  });

  it("discovers a worker of the generation before 0.64", async () => {
    const build = await buildSample("legacy");
    assert.deepEqual(build.tasks, [{ name: "counting/Count", version: "v0.3" }]);
  });

  it("packs what nested .gitignore files leave", async () => {
    const build = await buildSample("ignored");
    assert.deepEqual(paths(build), [
      ".gitignore",
      "data/keep.csv",
      "notes/.gitignore",
      "notes/__init__.py",
      "notes/important.log",
      "notes/runner.py",
      "pyproject.toml",
      "tilebox.workflow.toml",
      "uv.lock",
    ]);
  });

  it("warns without a uv.lock, and resolves the dependencies anew", async () => {
    const build = await buildSample("tiles", {
      "tilebox.workflow.toml": (text) => text.replace(', "uv.lock"', ""),
      // The versions that are new today need not work; those that are pinned do.
      "pyproject.toml": (text) => text.replace(">=0.64", "==0.66.0").replace('"]', '", "protobuf-py<0.7"]'),
    });
    assert.equal(build.tasks.length, 5);
    assert.match(build.notices.join("\n"), /^The artifact has no uv\.lock: every start of a runner resolves/);
  });

  it("warns of a worker that does not end when it is asked", async () => {
    const build = await buildSample(
      "mischief",
      { "tilebox.workflow.toml": (text) => text.replace("mischief:runner", "stubborn:runner") },
      { limits: { ...discoveryLimits, graceMs: 500, terminateMs: 200 } },
    );
    assert.equal(build.notices.length, 1);
    assert.match(build.notices[0] ?? "", /did not end within 0\.5 s .* was (killed|terminated): .* threads/);
  });

  it("survives a worker that floods, closes and forks at import", async () => {
    for (const module of ["noisy", "families"]) {
      const build = await buildSample("mischief", {
        "tilebox.workflow.toml": (text) => text.replace("mischief:runner", `${module}:runner`),
      });
      assert.equal(build.tasks.length, 11);
    }
  });

  it("leaves no build.json of an earlier build when it fails", async () => {
    await using project = await createScratchProject("tiles");
    await buildScratch(project);
    await project.edit({ "tiles.py": "raise RuntimeError('broken')\n" });
    await assert.rejects(buildScratch(project), errorOf("import-failed", /broken/));
    assert.equal(existsSync(join(project.folder, ".workflow-release", "build.json")), false);
  });

  it("ends with the signal's reason when it is aborted, and nothing is left", async () => {
    await using project = await createScratchProject("mischief", {
      "tilebox.workflow.toml": (text) => text.replace("mischief:runner", "locked:runner"),
    });
    for (const afterMs of [0, 20, 200, 2_000]) {
      const controller = new AbortController();
      const reason = new Error("enough");
      setTimeout(() => controller.abort(reason), afterMs);
      await assert.rejects(buildScratch(project, { signal: controller.signal }), reason);
    }
  });

  it("keeps secrets from the worker", async () => {
    await using project = await createScratchProject("tiles", {
      "tiles.py": (text) =>
        `import os\nif set(os.environ) & {"TILEBOX_API_KEY", "INPUT_API-KEY", "GITHUB_TOKEN"}:\n    raise RuntimeError("seen")\n${text}`,
    });
    const env = { ...process.env, TILEBOX_API_KEY: "k", "INPUT_API-KEY": "k", GITHUB_TOKEN: "k" };
    assert.equal((await buildScratch(project, { env })).tasks.length, 5);
  });
});
