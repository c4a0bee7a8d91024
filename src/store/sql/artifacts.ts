import type { ArtifactId } from "../../engine/id.ts";
import type { Artifact, ArtifactStore } from "../port.ts";
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

interface ArtifactRow {
  readonly id: ArtifactId;
  readonly digest: string;
  readonly tar_size_bytes: number;
  readonly file_count: number;
  readonly archive_sha256: string;
  readonly archive_size_bytes: number;
  readonly created_at_ms: number;
}

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
      ]
    >(
      database,
      `INSERT INTO artifacts (id, digest, tar_size_bytes, file_count, archive_sha256, archive_size_bytes,
         created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`,
    ),
    byId: prepare<[id: ArtifactId], ArtifactRow>(database, "SELECT * FROM artifacts WHERE id = ?"),
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
  return {
    addArtifact: (artifact) =>
      writer.submit(() => {
        statements.insertUnlessKnown.run(
          ids.next<"artifact">(),
          artifact.digest,
          artifact.tarSizeBytes,
          artifact.fileCount,
          artifact.archiveSha256,
          artifact.archiveSizeBytes,
          clock(),
        );
        const row = statements.byDigest.get(artifact.digest);
        if (row === undefined) throw new Error(`artifact ${artifact.digest} is not where it was written`);
        return toArtifact(row);
      }),
    findArtifact: (by) =>
      session.read(() => {
        const row = "id" in by ? statements.byId.get(by.id) : statements.byDigest.get(by.digest);
        return row === undefined ? undefined : toArtifact(row);
      }),
    addContract: ({ fingerprint, json }) =>
      writer.submit(() => statements.insertContract.run(fingerprint, json, clock())),
    findContract: (fingerprint) => session.read(() => statements.contract.get(fingerprint)?.json),
  };
}

function toArtifact(row: ArtifactRow): Artifact {
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
