import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../src/errors.ts";
import { findProjects } from "../../src/project/find-projects.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const config = "tilebox.workflow.toml";

test("folders as they are, globs as the folders that have a configuration, each once, in byte order", async () => {
  await using workspace = await createScratchFolder({
    [`flows/b/${config}`]: "",
    [`flows/a/${config}`]: "",
    [`flows/a/nested/${config}`]: "",
    "flows/none/file": "",
    [`.hidden/${config}`]: "",
    ".gitignore": "ignored/\n",
    [`flows/ignored/${config}`]: "",
  });
  const paths = (...entries: string[]) =>
    findProjects(entries, workspace.path).map(({ path, folder }) => {
      assert.equal(folder, join(workspace.path, path));
      return path;
    });
  assert.deepEqual(paths("."), ["."]);
  assert.deepEqual(paths("flows/*"), ["flows/a", "flows/b"]);
  assert.deepEqual(paths("./flows/*/"), ["flows/a", "flows/b"]);
  assert.deepEqual(paths("**"), [".hidden", "flows/a", "flows/a/nested", "flows/b"]);
  assert.deepEqual(paths("flows/{b,a}", "flows/b", "flows/none"), ["flows/a", "flows/b", "flows/none"]);
});

test("every glob that matches nothing is named", async () => {
  await using workspace = await createScratchFolder({ [`a/${config}`]: "" });
  assert.throws(
    () => findProjects(["a", "b/*", "c*"], workspace.path),
    (error) => {
      assert(error instanceof UserError);
      assert.equal(error.code, "input-invalid");
      assert.deepEqual(
        error.problems.map(({ message }) => message.split('"')[1]),
        ["b/*", "c*"],
      );
      return true;
    },
  );
});
