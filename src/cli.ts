#!/usr/bin/env node
/** The command line's entry and its only error boundary. */
import { createProgram } from "./cli/program.ts";
import { exitCodes } from "./error-table.ts";

let ended = false;
// A command that waits for what nothing can settle any more would end as a success.
process.once("exit", () => {
  if (!ended) process.exitCode ??= exitCodes.system;
});
void createProgram()
  .parseAsync()
  .then(() => {
    ended = true;
  });
