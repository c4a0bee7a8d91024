import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { explainAbsence } from "../../src/project/explain.ts";
import { loadProject } from "../../src/project/load.ts";
import { createScratchFolder, type Files } from "../support/scratch-folder.ts";

const files: Files = {
  ".git/HEAD": "",
  ".gitignore": "*.log\n",
  "flow/tilebox.workflow.toml": `[workflow]
slug = "tiles"
runner = "a:b"

[build]
include = ["src/**", "*.log"]
exclude = [
  "**/secret*",
  "src/data/**",
]
`,
  "flow/.gitignore": "\ngenerated/\n",
  "flow/src/a.py": "",
  "flow/src/x.log": "",
  "flow/src/generated/b.py": "",
  "flow/src/secret.py": "",
  "flow/src/data/secret.log": "",
  "flow/other/deep/c.py": "",
  "flow/top.py": "",
  "flow/src/tiles.tar.zst": "",
  "flow/.workflow-release/build.json": "",
  "flow/src/clone/.git/HEAD": "",
  "flow/src/clone/d.py": "",
};

async function explain(path: string): Promise<string[]> {
  await using folder = await createScratchFolder(files);
  const project = await loadProject(join(folder.path, "flow"));
  const absences = await explainAbsence(project, path);
  return absences.map(({ reason, file, line, column, message, hint }) => {
    const place =
      file === undefined ? "-" : [file, line, column].filter((part) => part !== undefined).join(":");
    return `${reason} ${place} ${message} -> ${hint ?? "-"}`;
  });
}

test("what is chosen, or is not there, has no reason to be absent", async () => {
  for (const path of ["src/a.py", "src/nowhere.py", "nowhere/x.py", "../.gitignore", ""]) {
    assert.deepEqual(await explain(path), [], path);
  }
});

test("a file that no pattern includes", async () => {
  assert.deepEqual(await explain("top.py"), [
    'not-included flow/tilebox.workflow.toml:6:11 No include pattern matches top.py. -> add "top.py" to include',
  ]);
  assert.deepEqual(await explain("other/deep/c.py"), [
    'not-included flow/tilebox.workflow.toml:6:11 No include pattern matches other/deep/c.py. -> add "other/deep/**" to include',
  ]);
});

test("files that exclude or .gitignore keep out, with every reason", async () => {
  const ignore = "change the pattern, or set use_gitignore = false";
  assert.deepEqual(await explain("src/secret.py"), [
    'excluded flow/tilebox.workflow.toml:8:3 src/secret.py is excluded by "**/secret*". -> narrow the pattern',
  ]);
  assert.deepEqual(await explain("src/generated/b.py"), [
    `ignored flow/.gitignore:2 src/generated/b.py is ignored by "generated/" in flow/.gitignore. -> ${ignore}`,
  ]);
  assert.deepEqual(await explain("src/data/secret.log"), [
    'excluded flow/tilebox.workflow.toml:8:3 src/data/secret.log is excluded by "**/secret*". -> narrow the pattern',
    'excluded flow/tilebox.workflow.toml:9:3 src/data/secret.log is excluded by "src/data/**". -> narrow the pattern',
    `ignored .gitignore:1 src/data/secret.log is ignored by "*.log" in .gitignore. -> ${ignore}`,
  ]);
});

test("what never enters: our own output, repositories inside, folders", async () => {
  assert.match((await explain("src/tiles.tar.zst"))[0] ?? "", /^own-output - /);
  assert.match((await explain(".workflow-release/build.json"))[0] ?? "", /^own-output - /);
  assert.match(
    (await explain("src/clone/d.py"))[0] ?? "",
    /^nested-repository - src\/clone\/d\.py lies in src\/clone, /,
  );
  assert.match((await explain("src/data"))[0] ?? "", /^not-a-file - src\/data is a folder/);
});
