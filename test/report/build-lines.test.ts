import assert from "node:assert/strict";
import { test } from "node:test";
import { buildLines } from "../../src/report/build-lines.ts";
import { exampleBuild } from "../support/run-records.ts";

test("a build is told by its files and tasks", () => {
  assert.deepEqual(buildLines(exampleBuild()), [
    "3 files, 10.0 KiB, 700 B packed:",
    "         300 B  pyproject.toml",
    "       2.0 KiB  tiles/runner.py",
    "  -> runner.py  tiles/same.py",
    "1 task:",
    "  tiles.Mosaic v1.0",
  ]);
});

test("a long list is cut and counted, and what is not visible is shown", () => {
  const tasks = Array.from({ length: 21 }, (_, index) => ({ name: `t${index}\u202e`, version: "v1.0" }));
  const lines = buildLines(exampleBuild({ tasks }));
  assert.deepEqual(lines.slice(-2), ["  t19\\u202e v1.0", "  and 1 more"]);
});
