import { homedir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";

export interface DataOption {
  readonly data: string;
}

/**
 * A place of the user's own, not of the folder a command happens to run in: `serve` and `key` must meet in
 * it wherever they are started.
 */
export function addDataOption(command: Command): Command {
  return command.option("--data <folder>", "where the control plane keeps everything", defaultDataFolder());
}

function defaultDataFolder(): string {
  const name = "workflow-release";
  switch (process.platform) {
    case "win32":
      return join(process.env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), name);
    case "darwin":
      return join(homedir(), "Library", "Application Support", name);
    default:
      // The XDG base directory specification, which also says that an empty variable counts as unset.
      return join(process.env.XDG_DATA_HOME || join(homedir(), ".local", "share"), name);
  }
}
