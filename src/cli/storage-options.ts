import { type Command, InvalidArgumentError, Option } from "commander";
import { parseS3Location, type S3Location } from "../server/s3-location.ts";
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

/** Where a control plane that serves keeps the bytes of artifacts. */
export function artifactsOption(): Option {
  return new Option(
    "--artifacts <url>",
    "s3://bucket/prefix?endpoint=URL&region=NAME for artifacts, instead of the folder; credentials come " +
      "from the environment, a profile or the machine's role, as AWS tools find them",
  )
    .env("WORKFLOW_RELEASE_ARTIFACTS")
    .argParser(s3Location);
}

function s3Location(value: string): S3Location {
  const location = parseS3Location(value);
  if (location !== undefined) return location;
  throw new InvalidArgumentError(
    "give s3://BUCKET/PREFIX, with endpoint and region as parameters where needed",
  );
}

function databaseUrl(value: string): string {
  if (/^postgres(ql)?:\/\/./.test(value)) return value;
  throw new InvalidArgumentError("give a URL that begins with postgres://");
}
