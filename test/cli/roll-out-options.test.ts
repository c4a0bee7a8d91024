import assert from "node:assert/strict";
import { test } from "node:test";
import { createProgram } from "../../src/cli/program.ts";
import { runSource } from "../support/cli-source.ts";

test("a command can be allowed what it refuses, and nothing else", async () => {
  const { exitCode, stderr } = await runSource(["deploy", "--latest", "--allow", "unproven"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /refuses nothing for being unproven/);
  const allowed = async (name: string) => {
    const [command] = (await createProgram(name)).commands;
    return command?.options.find(({ long }) => long === "--allow")?.description ?? "";
  };
  for (const name of ["promote", "publish"]) assert.match(await allowed(name), /unproven \(/);
  for (const name of ["build", "deploy", "plan"]) assert.doesNotMatch(await allowed(name), /unproven/);
});
