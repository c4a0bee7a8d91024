import assert from "node:assert/strict";
import { test } from "node:test";
import { createProgram } from "../../src/cli/program.ts";

const names = async (firstWord: string | undefined) =>
  (await createProgram(firstWord)).commands.map((command) => command.name());

test("a run describes the command that it is", async () => {
  assert.deepEqual(await names("serve"), ["serve"]);
  assert.deepEqual(await names("job"), ["job"]);
});

test("whatever is no command's name finds all of them", async () => {
  const all = await names(undefined);
  assert.equal(all.length, 18);
  for (const firstWord of ["--help", "help", "serv", "", "constructor"]) {
    assert.deepEqual(await names(firstWord), all);
  }
});

test("each command is found under its own name", async () => {
  for (const name of await names("--help")) assert.deepEqual(await names(name), [name]);
});
