import type { Command } from "commander";

export interface JsonOption {
  readonly json: boolean;
}

export function addJsonOption(command: Command): Command {
  return command.option("--json", "print the result as JSON on stdout", false);
}
