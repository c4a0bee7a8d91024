import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { parseSmokeTask, readSmokeTask } from "../../src/rehearsal/smoke-task.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

test("a smoke task is a name, a version and an input in JSON, in a file, or none", () => {
  const task = { name: "tiles/Mosaic", version: "v1.2" };
  assert.deepEqual(parseSmokeTask('tiles/Mosaic@v1.2 {"columns": 2}'), {
    task,
    input: { kind: "json", text: '{"columns": 2}' },
  });
  assert.deepEqual(parseSmokeTask("  tiles/Mosaic@v1.2\n  file:smoke/input.json\n"), {
    task,
    input: { kind: "file", path: "smoke/input.json" },
  });
  assert.deepEqual(parseSmokeTask("tiles/Mosaic@v1.2"), { task, input: { kind: "json", text: "" } });
  assert.deepEqual(parseSmokeTask('an @ sign@v0.1 "a@v9.9 b"'), {
    task: { name: "an @ sign", version: "v0.1" },
    input: { kind: "json", text: '"a@v9.9 b"' },
  });
});

test("without a version there is no task", () => {
  for (const text of ["tiles/Mosaic", "@v1.0", "tiles/Mosaic@1.0 {}", "tiles/Mosaic@v1.2{}"]) {
    assert.equal(parseSmokeTask(text), undefined, text);
  }
});

test("the input comes from where it is said to be, and must be JSON", async () => {
  await using folder = await createScratchFolder();
  await folder.write({ "input.json": '{"columns": 2}\n', "not.json": "{columns: 2}" });
  const from = (name: string) =>
    readSmokeTask({
      task: { name: "a", version: "v1.0" },
      input: { kind: "file", path: join(folder.path, name) },
    });
  assert.equal(Buffer.from((await from("input.json")).input).toString(), '{"columns": 2}');
  await assert.rejects(from("not.json"), { code: "input-invalid" });
  await assert.rejects(from("missing.json"), { code: "input-invalid", message: /cannot be read/ });
});
