import type { KeyId } from "../../engine/id.ts";
import { UserError } from "../../errors.ts";
import type { ApiKey, KeyRole, KeyStore } from "../port.ts";
import type { Session } from "./session.ts";
import { type Database, prepare } from "./statement.ts";

export const createKeyTable = `
  CREATE TABLE api_keys (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL CHECK (role IN ('admin', 'runner')),
    secret_sha256 TEXT NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
  ) STRICT;
`;

interface KeyRow {
  readonly id: KeyId;
  readonly name: string;
  readonly role: KeyRole;
  readonly created_at_ms: number;
  readonly revoked_at_ms: number | null;
}

function prepareKeyStatements(database: Database) {
  const columns = "id, name, role, created_at_ms, revoked_at_ms";
  return {
    insert: prepare<[id: KeyId, name: string, role: KeyRole, secretSha256: string, createdAtMs: number]>(
      database,
      "INSERT INTO api_keys (id, name, role, secret_sha256, created_at_ms) VALUES (?, ?, ?, ?, ?)",
    ),
    byName: prepare<[name: string], KeyRow>(database, `SELECT ${columns} FROM api_keys WHERE name = ?`),
    bySecret: prepare<[secretSha256: string], KeyRow>(
      database,
      `SELECT ${columns} FROM api_keys WHERE secret_sha256 = ? AND revoked_at_ms IS NULL`,
    ),
    all: prepare<[], KeyRow>(database, `SELECT ${columns} FROM api_keys ORDER BY created_at_ms, id`),
    revoke: prepare<[atMs: number, name: string]>(
      database,
      "UPDATE api_keys SET revoked_at_ms = ? WHERE name = ? AND revoked_at_ms IS NULL",
    ),
  };
}

export function createKeyStore(session: Session): KeyStore {
  const { database, writer, clock, ids } = session;
  const statements = prepareKeyStatements(database);
  const requireKey = (name: string): ApiKey => {
    const row = statements.byName.get(name);
    if (row === undefined) throw new UserError("key-not-found", `There is no API key named "${name}"`);
    return toApiKey(row);
  };
  return {
    addKey: ({ name, role, secretSha256 }) =>
      writer.submit(() => {
        if (statements.byName.get(name) !== undefined) {
          throw new UserError("already-exists", `An API key named "${name}" exists already`, {
            next: "Choose another name; names are kept in the history, so a revoked one is not given again.",
          });
        }
        statements.insert.run(ids.next<"key">(), name, role, secretSha256, clock());
        return requireKey(name);
      }),
    findKey: (secretSha256) =>
      session.read(() => {
        const row = statements.bySecret.get(secretSha256);
        return row === undefined ? undefined : toApiKey(row);
      }),
    listKeys: () => session.read(() => statements.all.all().map(toApiKey)),
    revokeKey: (name) =>
      writer.submit(() => {
        statements.revoke.run(clock(), name);
        return requireKey(name);
      }),
  };
}

function toApiKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    createdAtMs: row.created_at_ms,
    revokedAtMs: row.revoked_at_ms ?? undefined,
  };
}
