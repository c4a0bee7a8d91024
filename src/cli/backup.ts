import { join, resolve } from "node:path";
import type { Command } from "commander";
import { byteSize } from "../report/byte-size.ts";
import type { BackUpResult } from "../server/backup/back-up.ts";
import { readFileBlobs } from "../server/blobs.ts";
import type { S3Location } from "../server/s3-location.ts";
import { backUpDatabaseAdvice, describeBackup } from "./backup-text.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type Answer, runCommand } from "./run.ts";
import { addStorageOptions, artifactsOption, type StorageOptions } from "./storage-options.ts";

interface BackupOptions extends JsonOption, StorageOptions {
  readonly artifacts?: S3Location;
  readonly to: string;
}

export function addBackupCommand(program: Command): void {
  const command = program
    .command("backup")
    .description(
      "Copy a data folder, also while a control plane serves it: the database as it is at this moment, and " +
        "the artifacts that the folder's earlier backups do not have.",
    )
    .requiredOption("--to <folder>", "holds one folder for each backup, and the artifacts of all of them");
  addJsonOption(addStorageOptions(command).addOption(artifactsOption())).action((options: BackupOptions) => {
    if (options.database !== undefined) return command.error(backUpDatabaseAdvice);
    return runCommand(options, () => backUpFolder(options));
  });
}

async function backUpFolder({ data, to, artifacts }: BackupOptions): Promise<Answer> {
  const { backUp } = await import("../server/backup/back-up.ts");
  const dataFolder = resolve(data);
  const options = { dataFolder, place: resolve(to), clock: Date.now };
  if (artifacts === undefined) {
    return answer(await backUp({ ...options, artifacts: readFileBlobs(join(dataFolder, "artifacts")) }));
  }
  const { openS3Blobs } = await import("../server/s3-blobs.ts");
  await using bucket = await openS3Blobs(artifacts);
  return answer(await backUp({ ...options, artifacts: bucket }));
}

function answer({ folder, manifest, copied }: BackUpResult): Answer {
  const { json, lines } = describeBackup(manifest);
  const news = `${copied.artifacts} of the artifacts (${byteSize(copied.sizeBytes)}) were copied, the others were there`;
  return {
    json: { backup: folder, ...json, copied },
    text: [`Backup ${folder}`, ...lines, news].join("\n"),
  };
}
