#!/usr/bin/env node
/** The command line's entry and its only error boundary. */
import { createProgram } from "./cli/program.ts";
import { toReleaseError } from "./errors.ts";
import { exitCodes } from "./exit-codes.ts";
import { errorLines } from "./report/terminal.ts";

let ended = false;
// A command that waits for what nothing can settle any more would end as a success.
process.once("exit", () => {
  if (!ended) process.exitCode ??= exitCodes.system;
});
void run(process.argv[2]).then(() => {
  ended = true;
});

async function run(firstWord: string | undefined): Promise<void> {
  try {
    const program = await createProgram(firstWord);
    await program.parseAsync();
  } catch (thrown) {
    // Commands report what goes wrong in them; here it is a file of this program that cannot be loaded.
    const failure = toReleaseError(thrown);
    process.stderr.write(`${errorLines(failure, failure.code).join("\n")}\n`);
    process.exitCode = failure.exitCode;
  }
}
