import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { it } from "node:test";
import { findExecutable } from "../../src/worker/executable.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

it("finds a program as a shell would", async () => {
  await using folder = await createScratchFolder({
    "bin/tool": "",
    "bin/plain": "",
    "bin/folder/x": "",
    "project/serve.sh": "",
  });
  const at = (path: string) => join(folder.path, path);
  for (const path of ["bin/tool", "project/serve.sh"]) await chmod(at(path), 0o755);
  const environment = { PATH: ["", at("nowhere"), at("bin")].join(delimiter) };
  const find = (name: string) => findExecutable(name, at("project"), environment);
  assert.equal(await find("tool"), at("bin/tool"));
  assert.equal(await find("./serve.sh"), at("project/serve.sh"));
  assert.equal(await find(at("bin/tool")), at("bin/tool"));
  assert.equal(await find("serve.sh"), undefined);
  assert.equal(await find("folder"), undefined);
  assert.equal(await find("absent"), undefined);
  if (process.platform !== "win32") assert.equal(await find("plain"), undefined);
  assert.equal(await findExecutable("tool", at("project"), {}), undefined);
});
