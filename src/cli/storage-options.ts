import { type Command, InvalidArgumentError, Option } from "commander";
import { addDataOption, type DataOption } from "./data-folder.ts";

export interface StorageOptions extends DataOption {
  readonly database?: string;
}

/** Where a control plane keeps what it is told: for whatever works on that itself. */
export function addStorageOptions(command: Command): Command {
  return addDataOption(command).addOption(
    new Option(
      "--database <url>",
      "postgres://user@host/database that several control planes share, instead of one in the folder; " +
        "a password belongs into the environment (this variable, or PGPASSWORD)",
    )
      .env("WORKFLOW_RELEASE_DATABASE")
      .argParser(databaseUrl),
  );
}

function databaseUrl(value: string): string {
  if (/^postgres(ql)?:\/\/./.test(value)) return value;
  throw new InvalidArgumentError("give a URL that begins with postgres://");
}
