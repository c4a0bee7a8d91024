import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { StartFailure } from "../../src/worker/start-failure.ts";
import type { StartOutcome } from "../../src/worker/start-worker.ts";
import { createScratchProject, type ScratchProject } from "../support/scratch-project.ts";
import { assertNothingLeft, assertRemoved, start, taskOf, testLimits, tryStart } from "../support/workers.ts";

const stopLimits = { graceMs: 5_000, terminateMs: 1_000 };

function failureOf<Kind extends StartFailure["kind"]>(outcome: StartOutcome, kind: Kind) {
  assert.equal(outcome.kind, "failed");
  assert.equal(outcome.failure.kind, kind, JSON.stringify(outcome.failure, undefined, 2));
  return outcome.failure as Extract<StartFailure, { kind: Kind }>;
}

describe("starting a worker", { concurrency: 2 }, () => {
  let project: ScratchProject;

  before(async () => {
    project = await createScratchProject("mischief", {
      "environment.py":
        'import json, os\nfrom mischief import runner as runner\njson.dump(dict(os.environ), open("seen.json", "w"))\n',
      "endless_families.py":
        "import time\nimport families\nfrom mischief import runner as runner\ntime.sleep(600)\n",
    });
    await (await start(project.folder, "mischief:runner")).stop(stopLimits);
  });

  after(async () => {
    await assertNothingLeft(project.folder);
    await project[Symbol.asyncDispose]();
  });

  it("tells the two phases apart", async () => {
    const outcome = await tryStart(project.folder, "mischief:runner");
    assert.equal(outcome.kind, "started");
    await using _worker = outcome.worker;
    assert.ok(outcome.measured.environmentMs > outcome.measured.importMs);
    assert.ok(outcome.measured.importMs >= 0);
  });

  it("gives the worker an address, a token and nothing that misleads", async () => {
    const worker = await start(project.folder, "environment:runner", {
      environment: {
        ...process.env,
        PYTHONPATH: "/elsewhere",
        VIRTUAL_ENV: "/elsewhere/.venv",
        UV_PROJECT_ENVIRONMENT: "/elsewhere/.venv",
        TILEBOX_API_KEY: "secret",
        TILEBOX_LOG_LEVEL: "DEBUG",
        SOMETHING_ELSE: "kept",
      },
    });
    await worker.stop(stopLimits);
    const seen: Record<string, string> = JSON.parse(
      await readFile(join(project.folder, "seen.json"), "utf8"),
    );
    assert.match(seen.TILEBOX_WORKER_ADDRESS ?? "", /^(unix:\/\/\/.+|127\.0\.0\.1:\d+)$/);
    assert.match(seen.TILEBOX_RUNTIME_TOKEN ?? "", /^[0-9a-f]{64}$/);
    assert.equal(seen.PYTHONUNBUFFERED, "1");
    assert.equal(seen.TILEBOX_LOG_LEVEL, "DEBUG");
    assert.equal(seen.SOMETHING_ELSE, "kept");
    assert.equal(seen.PYTHONPATH, undefined);
    assert.equal(seen.TILEBOX_API_KEY, undefined);
    assert.notEqual(seen.VIRTUAL_ENV, "/elsewhere/.venv");
    await assertRemoved(seen.TILEBOX_RUNTIME_DIR ?? "");
  });

  it("starts a legacy worker, which has no token, no phases and no log stream", async () => {
    await using legacy = await createScratchProject("legacy");
    const worker = await start(legacy.folder, "counting:runner");
    assert.equal(worker.generation, "legacy");
    assert.deepEqual(worker.tasks, [{ name: "counting/Count", version: "v0.3" }]);
    await worker.initialize({ apiConnection: { url: "http://127.0.0.1:9", token: "t" } });
    for await (const _ of worker.watchLogs(new AbortController().signal))
      assert.fail("a legacy worker streams");
    const outcome = await worker.execute(taskOf("counting/Count", 2, "v0.3"));
    assert.equal(outcome.kind, "computed");
    assert.equal(outcome.task.subTasks?.taskGroups.length, 1);
    await worker[Symbol.asyncDispose]();
    await assertNothingLeft(legacy.folder);
  });

  it("starts a command of the project's own", async () => {
    await using command = await createScratchProject("command");
    const argv = ["uv", "run", "--locked", "python", "serve.py"] as const;
    const worker = await start(command.folder, "", { entrypoint: { kind: "command", argv } });
    assert.deepEqual(worker.tasks, [{ name: "Echo", version: "v0.0" }]);
    assert.equal(await worker.stop(stopLimits), "asked");
  });

  it("reads what is printed at import, and needs no pipes afterwards", async () => {
    const worker = await start(project.folder, "noisy:runner");
    assert.match(worker.output().stdout, /the last line\n$/);
    assert.equal(await worker.stop(stopLimits), "asked");
  });

  it("tells a loop from an import that holds the interpreter lock", async () => {
    const limits = { ...testLimits, importMs: 1_500 };
    const [loop, locked] = await Promise.all([
      tryStart(project.folder, "loop:runner", { limits }),
      tryStart(project.folder, "locked:runner", { limits }),
    ]);
    assert.deepEqual(pick(failureOf(loop, "timed-out")), { phase: "import", limitMs: 1_500, answered: true });
    assert.deepEqual(pick(failureOf(locked, "timed-out")), {
      phase: "import",
      limitMs: 1_500,
      answered: false,
    });
  });

  it("ends a program that never listens", async () => {
    const argv = ["node", "-e", "setInterval(() => {}, 1000)"] as const;
    const outcome = await tryStart(project.folder, "", {
      entrypoint: { kind: "command", argv },
      limits: { environmentMs: 400, importMs: 400 },
    });
    assert.deepEqual(pick(failureOf(outcome, "timed-out")), {
      phase: "environment",
      limitMs: 400,
      answered: false,
    });
  });

  it("returns the exit and the last words of a worker that ends", async () => {
    const { exit, output } = failureOf(await tryStart(project.folder, "absent:runner"), "exited");
    assert.deepEqual(exit, { kind: "code", code: 1 });
    assert.match(output.stderr, /Failed to import module 'absent': No module named 'absent'/);
  });

  it("refuses a server that serves something else", async () => {
    const argv = ["uv", "run", "--locked", "python", "foreign.py"] as const;
    const outcome = await tryStart(project.folder, "", { entrypoint: { kind: "command", argv } });
    assert.match(failureOf(outcome, "wrong-protocol").answer, /^Unimplemented: /);
  });

  it("names a program that is not there", async () => {
    const entrypoint = { kind: "command", argv: ["./serve.sh"] } as const;
    const outcome = await tryStart(project.folder, "", { entrypoint });
    assert.deepEqual(failureOf(outcome, "program-missing"), {
      kind: "program-missing",
      program: "./serve.sh",
    });
  });

  it("ends everything at once when it is aborted, whatever the import does", async () => {
    for (const module of ["loop", "locked", "endless_families"]) {
      const reason = new Error("enough");
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 500);
      const startedAt = Date.now();
      await assert.rejects(
        tryStart(project.folder, `${module}:runner`, { signal: controller.signal }),
        reason,
      );
      assert.ok(Date.now() - startedAt < 3_000);
    }
  });
});

function pick({ phase, limitMs, answered }: Extract<StartFailure, { kind: "timed-out" }>) {
  return { phase, limitMs, answered };
}
