import { resolve } from "node:path";
import type { Command } from "commander";
import type { FoundBackup } from "../server/backup/manifest.ts";
import type { S3Location } from "../server/s3-location.ts";
import { backUpDatabaseAdvice, describeBackup } from "./backup-text.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type Answer, runCommand } from "./run.ts";
import { addStorageOptions, artifactsOption, type StorageOptions } from "./storage-options.ts";

interface RestoreOptions extends JsonOption, StorageOptions {
  readonly artifacts?: S3Location;
  readonly from: string;
}

export function addRestoreCommand(program: Command): void {
  const command = program
    .command("restore")
    .description("Make a data folder from a backup. Every byte is verified before anything can be served.")
    .requiredOption("--from <folder>", "a backup, or the folder of several, of which the newest is taken");
  addJsonOption(addStorageOptions(command).addOption(artifactsOption())).action((options: RestoreOptions) => {
    if (options.database !== undefined) return command.error(backUpDatabaseAdvice);
    return runCommand(options, () => restoreFolder(options));
  });
}

async function restoreFolder({ data, from, artifacts }: RestoreOptions): Promise<Answer> {
  const { restore } = await import("../server/backup/restore.ts");
  const dataFolder = resolve(data);
  const options = { from: resolve(from), dataFolder };
  if (artifacts === undefined) return answer(await restore({ ...options, artifacts }), dataFolder);
  const { openS3Blobs } = await import("../server/s3-blobs.ts");
  await using bucket = await openS3Blobs(artifacts);
  return answer(await restore({ ...options, artifacts: bucket }), dataFolder);
}

function answer({ folder, manifest }: FoundBackup, dataFolder: string): Answer {
  const { json, lines } = describeBackup(manifest);
  return {
    json: { dataFolder, backup: folder, ...json },
    text: [
      `Restored ${dataFolder} from ${folder}, verified`,
      ...lines,
      `Serve it: workflow-release serve --data ${JSON.stringify(dataFolder)}`,
    ].join("\n"),
  };
}
