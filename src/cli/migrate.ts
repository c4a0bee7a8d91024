import { join, resolve } from "node:path";
import type { Command } from "commander";
import { table } from "../report/table.ts";
import type { S3Location } from "../server/s3-location.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type Answer, runCommand, terminalLog } from "./run.ts";
import { addStorageOptions, artifactsOption, type StorageOptions } from "./storage-options.ts";

interface MigrateOptions extends JsonOption, StorageOptions {
  readonly artifacts?: S3Location;
}

/** From one machine to several. */
export function addMigrateCommand(program: Command): void {
  const command = program
    .command("migrate")
    .description(
      "Copy a data folder into an empty PostgreSQL database, and its artifacts into a bucket, and verify " +
        "what was written. Stop the control plane first; the folder stays as it is.",
    );
  addJsonOption(addStorageOptions(command).addOption(artifactsOption())).action(
    ({ database, ...options }: MigrateOptions) => {
      if (database === undefined) return command.error("error: name the --database to copy into");
      return runCommand(options, () => migrate(options, database));
    },
  );
}

async function migrate(options: Omit<MigrateOptions, "database">, database: string): Promise<Answer> {
  const dataFolder = resolve(options.data);
  // Artifacts go first: a database that names them is of no use without them.
  const artifacts =
    options.artifacts === undefined ? undefined : await copyArtifacts(dataFolder, options.artifacts);
  const { copySqliteToPostgres } = await import("../store/postgres/copy-sqlite.ts");
  const tables = await copySqliteToPostgres({ dataFolder, url: database, clock: Date.now });
  const rows = tables.map(({ name, rows }) => [name, String(rows), "verified"]);
  const blobs =
    artifacts === undefined
      ? `Artifacts stay in ${join(dataFolder, "artifacts")}: serve with --data ${JSON.stringify(dataFolder)}, or copy them with --artifacts`
      : `Artifacts copied and verified: ${artifacts}`;
  return {
    json: { tables, artifacts },
    text: `${table(["TABLE", "ROWS", ""], rows)}\n${blobs}`,
  };
}

/** Returns how many. */
async function copyArtifacts(dataFolder: string, location: S3Location): Promise<number> {
  const { copyBlobs, listFileBlobs } = await import("../server/copy-blobs.ts");
  const { openFileBlobs } = await import("../server/blobs.ts");
  const { openS3Blobs } = await import("../server/s3-blobs.ts");
  const folder = join(dataFolder, "artifacts");
  const names = await listFileBlobs(folder);
  terminalLog.info(`Copying ${names.length} artifacts`);
  const from = await openFileBlobs(folder);
  await using to = await openS3Blobs(location);
  await copyBlobs(names, from, to);
  return names.length;
}
