import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ProgramOptions, runProgram } from "../../../src/release/publisher/run-program.ts";
import { processesWith } from "../../support/process-list.ts";
import { assertNothingLeft } from "../../support/workers.ts";

const run = (script: string, changes: Partial<ProgramOptions> = {}) =>
  runProgram({
    program: process.execPath,
    args: ["-e", script, "--", "--first", "a b", '"quoted"', ""],
    folder: process.cwd(),
    env: {},
    limitMs: 60_000,
    signal: new AbortController().signal,
    ...changes,
  });

/** A program that starts another one, which holds its output open, and then waits. */
const parentOfSleeper = `
  const { spawn } = require("node:child_process");
  spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
  setInterval(() => {}, 1000);`;

describe("a program that is run to its end", () => {
  it("gets its arguments as they are, no input, no other variables, and answers on two streams", async () => {
    const script = `
      process.stdin.on("data", () => {}).on("end", () => {
        console.log(JSON.stringify([process.argv.slice(1), process.env.ONE, process.env.HOME ?? null]));
        console.error("done");
        process.exitCode = 5;
      });`;
    const { exitCode, stdout, stderr, timedOut } = await run(script, { env: { ONE: "1" } });
    assert.deepEqual(JSON.parse(stdout), [["--first", "a b", '"quoted"', ""], "1", null]);
    assert.deepEqual([exitCode, stderr.trim(), timedOut], [5, "done", false]);
  });

  it("has its own exit code, whichever it is", async () => {
    for (const code of [0, 124, 130]) {
      const { exitCode, timedOut } = await run(`process.exit(${code})`);
      assert.deepEqual([exitCode, timedOut], [code, false]);
    }
    assert.equal((await run("process.kill(process.pid, 'SIGKILL')")).exitCode, 128);
  });

  it("is ended at its limit, and so is what it started", async () => {
    const mark = randomUUID();
    const { timedOut } = await run(parentOfSleeper, { env: { MARK: mark }, limitMs: 500 });
    assert.equal(timedOut, true);
    await assertNothingLeft(mark);
  });

  it("leaves nothing behind that it started", async () => {
    const mark = randomUUID();
    await run(`${parentOfSleeper} setTimeout(() => process.exit(0), 300);`, { env: { MARK: mark } });
    await assertNothingLeft(mark);
  });

  it("ends when we are killed", async () => {
    const mark = randomUUID();
    const module = new URL("../../../src/release/publisher/run-program.ts", import.meta.url).href;
    const us = spawn(process.execPath, [
      "--input-type=module",
      "-e",
      `import { runProgram } from ${JSON.stringify(module)};
       await runProgram({
         program: process.execPath, args: ["-e", ${JSON.stringify(parentOfSleeper)}], folder: process.cwd(),
         env: { MARK: ${JSON.stringify(mark)} }, limitMs: 60_000, signal: new AbortController().signal,
       });`,
    ]);
    const seen = () => processesWith(mark).filter(({ environment }) => environment.includes(mark)).length;
    const deadlineMs = Date.now() + 20_000;
    while (process.platform === "linux" && seen() < 3 && Date.now() < deadlineMs) await sleep(20);
    us.kill("SIGKILL");
    await once(us, "exit");
    await assertNothingLeft(mark);
  });

  it("says why it could not be started", async () => {
    const { exitCode, stderr } = await run("", { program: `${process.cwd()}/nowhere` });
    assert.equal(exitCode, 127);
    assert.match(stderr, /ENOENT/);
  });
});
