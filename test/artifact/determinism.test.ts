import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pLimit from "p-limit";
import { createScratchFolder } from "../support/scratch-folder.ts";

const packProject = fileURLToPath(new URL("../support/pack-project.ts", import.meta.url));
const shuffledFolders = new URL("../support/shuffled-folders.ts", import.meta.url).href;

const paths = ["a", "deeper/and deeper/ünder", "z".repeat(150)];
const umasks = ["000", "022", "077"];
const timeZones = ["UTC", "Asia/Kathmandu"];
// Turkish has its own upper case of i, and an order of its own.
const locales = ["C", "tr_TR.UTF-8"];

test("3 paths x 3 umasks x 2 time zones x 2 locales, folders in any order: one digest", async () => {
  await using folder = await createScratchFolder({
    "origin/flow/tilebox.workflow.toml": `[workflow]
slug = "tiles"
runner = "src.a:runner"
[build]
include = ["**"]
exclude = ["tests/**"]
`,
    "origin/.gitignore": "*.log\n",
    "origin/flow/.gitignore": "/out/\n!kept.log\n",
    "origin/flow/kept.log": "k",
    "origin/flow/src/a.py": "a\r\n",
    "origin/flow/src/İi.py": "i",
    "origin/flow/src/a/b.py": "b",
    "origin/flow/src/a-b.py": "c",
    "origin/flow/src/run.sh": "#!/bin/sh\n",
    "origin/flow/src/link": { link: "a.py" },
    "origin/flow/tests/t.py": "",
  });
  const origin = join(folder.path, "origin");
  chmodSync(join(origin, "flow/src/run.sh"), 0o755);
  const git = (...args: string[]) =>
    execFileSync(
      "git",
      ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false", ...args],
      {
        stdio: "pipe",
      },
    );
  git("-C", origin, "init", "--quiet");
  git("-C", origin, "add", "--all");
  git("-C", origin, "commit", "--quiet", "--message", "Add a project");

  const limit = pLimit(2);
  const runs: Promise<string>[] = [];
  for (const path of paths) {
    for (const umask of umasks) {
      const clone = join(folder.path, path, umask);
      const before = process.umask(Number.parseInt(umask, 8));
      git("clone", "--quiet", origin, clone);
      process.umask(before);
      for (const TZ of timeZones) {
        for (const LC_ALL of locales) {
          const seed = String(runs.length + 1);
          const archive = join(folder.path, `${seed}.tar.zst`);
          const args = ["--import", shuffledFolders, packProject, join(clone, "flow"), archive, umask];
          const env = { ...process.env, TZ, LC_ALL, LANG: LC_ALL, SHUFFLE_SEED: seed };
          const run = () => promisify(execFile)(process.execPath, args, { env });
          runs.push(limit(run).then(({ stdout }) => stdout));
        }
      }
    }
  }
  const results = await Promise.all(runs);
  assert.equal(results.length, 36);
  assert.deepEqual([...new Set(results)].length, 1, [...new Set(results)].join("\n"));
  const { manifest } = JSON.parse(results[0] ?? "");
  assert.deepEqual(
    manifest.map((entry: { path: string }) => entry.path),
    [
      ".gitignore",
      "kept.log",
      "src/a-b.py",
      "src/a.py",
      "src/a/b.py",
      "src/link",
      "src/run.sh",
      "src/İi.py",
      "tilebox.workflow.toml",
    ],
  );
});
