import type { ArtifactId } from "../../engine/id.ts";
import { SystemError } from "../../errors.ts";
import type { Artifact, ArtifactStore } from "../artifact-port.ts";
import type { Session } from "./session.ts";
import { type Database, prepare } from "./statement.ts";

export const createArtifactTable = `
  CREATE TABLE artifacts (
    id                 TEXT PRIMARY KEY,
    digest             TEXT NOT NULL UNIQUE,
    tar_size_bytes     INTEGER NOT NULL,
    file_count         INTEGER NOT NULL,
    archive_sha256     TEXT NOT NULL,
    archive_size_bytes INTEGER NOT NULL,
    created_at_ms      INTEGER NOT NULL
  ) STRICT;
`;

export const createContractTable = `
  CREATE TABLE contracts (
    fingerprint   TEXT PRIMARY KEY,
    json          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
`;

/**
 * An artifact is removed in three steps, because its bytes lie elsewhere: its row says so, its bytes go, its row
 * goes. What looks for it in between finds none, and nobody can add the same one again before the end: the bytes
 * that are then removed would be the new ones.
 */
export const noteArtifactUse = `
  ALTER TABLE artifacts ADD COLUMN used_at_ms INTEGER;             -- NULL: by a version that did not note it
  ALTER TABLE artifacts ADD COLUMN removal_began_at_ms INTEGER;
  CREATE INDEX artifacts_in_removal ON artifacts (id) WHERE removal_began_at_ms IS NOT NULL;
`;

export interface ArtifactRow {
  readonly id: ArtifactId;
  readonly digest: string;
  readonly tar_size_bytes: number;
  readonly file_count: number;
  readonly archive_sha256: string;
  readonly archive_size_bytes: number;
  readonly created_at_ms: number;
  readonly used_at_ms: number | null;
  readonly removal_began_at_ms: number | null;
}

/** What is used often is noted seldom. Retention counts in days. */
const useNotedMs = 3_600_000;

export function prepareArtifactStatements(database: Database) {
  return {
    /** The digest is the identity: a second upload of the same tar keeps the first record and its file. */
    insertUnlessKnown: prepare<
      [
        id: ArtifactId,
        digest: string,
        tarSizeBytes: number,
        fileCount: number,
        archiveSha256: string,
        archiveSizeBytes: number,
        createdAtMs: number,
        usedAtMs: number,
      ]
    >(
      database,
      `INSERT INTO artifacts (id, digest, tar_size_bytes, file_count, archive_sha256, archive_size_bytes,
         created_at_ms, used_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET used_at_ms = excluded.used_at_ms`,
    ),
    use: prepare<[usedAtMs: number, id: ArtifactId]>(
      database,
      "UPDATE artifacts SET used_at_ms = ? WHERE id = ?",
    ),
    byId: prepare<[id: ArtifactId], ArtifactRow>(
      database,
      "SELECT * FROM artifacts WHERE id = ? AND removal_began_at_ms IS NULL",
    ),
    /** Also one whose removal has begun. */
    byDigest: prepare<[digest: string], ArtifactRow>(database, "SELECT * FROM artifacts WHERE digest = ?"),
    insertContract: prepare<[fingerprint: string, json: string, createdAtMs: number]>(
      database,
      `INSERT INTO contracts (fingerprint, json, created_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (fingerprint) DO NOTHING`,
    ),
    contract: prepare<[fingerprint: string], { readonly json: string }>(
      database,
      "SELECT json FROM contracts WHERE fingerprint = ?",
    ),
  };
}

export function createArtifactStore(session: Session): ArtifactStore {
  const { database, writer, clock, ids } = session;
  const statements = prepareArtifactStatements(database);

  function present(row: ArtifactRow): Artifact {
    if (row.removal_began_at_ms === null) return toArtifact(row);
    throw new SystemError(
      "artifact-busy",
      `The artifact ${row.digest} is being removed, because no release names it and nobody used it for long`,
    );
  }

  return {
    addArtifact: (artifact) =>
      writer.submit(() => {
        const nowMs = clock();
        statements.insertUnlessKnown.run(
          ids.next<"artifact">(),
          artifact.digest,
          artifact.tarSizeBytes,
          artifact.fileCount,
          artifact.archiveSha256,
          artifact.archiveSizeBytes,
          nowMs,
          nowMs,
        );
        const row = statements.byDigest.get(artifact.digest);
        if (row === undefined) throw new Error(`artifact ${artifact.digest} is not where it was written`);
        return present(row);
      }),
    findArtifact: (by) =>
      session.read(() => {
        const row = "id" in by ? statements.byId.get(by.id) : statements.byDigest.get(by.digest);
        return row === undefined || row.removal_began_at_ms !== null ? undefined : toArtifact(row);
      }),
    async useArtifact(digest) {
      const row = await session.read(() => statements.byDigest.get(digest));
      if (row === undefined) return undefined;
      if (row.used_at_ms !== null && clock() - row.used_at_ms < useNotedMs) return present(row);
      return await writer.submit(() => {
        const now = statements.byDigest.get(digest);
        if (now === undefined) return undefined;
        const artifact = present(now);
        statements.use.run(clock(), now.id);
        return artifact;
      });
    },
    addContract: ({ fingerprint, json }) =>
      writer.submit(() => statements.insertContract.run(fingerprint, json, clock())),
    findContract: (fingerprint) => session.read(() => statements.contract.get(fingerprint)?.json),
  };
}

export function toArtifact(row: ArtifactRow): Artifact {
  return {
    id: row.id,
    digest: row.digest,
    tarSizeBytes: row.tar_size_bytes,
    fileCount: row.file_count,
    archiveSha256: row.archive_sha256,
    archiveSizeBytes: row.archive_size_bytes,
    createdAtMs: row.created_at_ms,
  };
}
