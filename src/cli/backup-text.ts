import { byteSize } from "../report/byte-size.ts";
import type { BackupManifest } from "../server/backup/manifest.ts";

/** For those who keep their data elsewhere: what to do instead of `backup` and `restore`. */
export const backUpDatabaseAdvice =
  "error: a PostgreSQL database is not backed up or restored by this command. Take pg_dump or your provider's " +
  "snapshots of the database first, then the bucket (versioning, or a copy of it): the database names " +
  "artifacts that the bucket has had since before. Restore the bucket first, then the database.";

/** What a person wants to know of a backup, without its lists. */
export function describeBackup({ rows, artifacts, database, begunAt, version }: BackupManifest) {
  const { workflows = 0, releases = 0, clusters = 0, deployments = 0, jobs = 0, tasks = 0 } = rows;
  const artifactBytes = artifacts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    json: {
      begunAt,
      version,
      rows,
      database: { sizeBytes: database.sizeBytes, sha256: database.sha256 },
      artifacts: { count: artifacts.length, sizeBytes: artifactBytes },
    },
    lines: [
      `Data of ${begunAt}: ${workflows} workflows, ${releases} releases, ${clusters} clusters, ` +
        `${deployments} deployments, ${jobs} jobs, ${tasks} tasks`,
      `Database ${byteSize(database.sizeBytes)}, ${artifacts.length} artifacts of ${byteSize(artifactBytes)}`,
    ],
  };
}
