/**
 * One opaque file: magic, HMAC-SHA256 of all the rest, length of the header, header (JSON), archive. Nothing in it
 * is looked at before the HMAC is right, and nothing is used before the key in it is the one that was computed from the
 * checkout.
 */
import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { parseContract, type TaskContract } from "../../engine/contract.ts";
import { identifierProblems } from "../../engine/registered-tasks.ts";
import { sortIdentifiers, type TaskIdentifier } from "../../engine/task-identifier.ts";
import { ReleaseError } from "../../errors.ts";
import { type CacheKey, keyDifferences, parseCacheKey } from "./key.ts";
import type { CacheMiss } from "./miss.ts";
import type { CacheSecret } from "./secret.ts";

/** What is kept of a build: what only the worker could tell, and the archive. */
export interface CacheEntry {
  readonly key: CacheKey;
  readonly builtAtMs: number;
  readonly tasks: readonly TaskIdentifier[];
  readonly contract: TaskContract;
  /** Of discovery; those of choosing files are found anew. */
  readonly notices: readonly string[];
  /** The `.tar.zst`. */
  readonly archive: Uint8Array;
  readonly archiveSha256: string;
}

const magic = Buffer.from("workflow-release build 1\n");
const macBytes = 32;
const lengthBytes = 4;
const headerStart = magic.length + macBytes + lengthBytes;

export function sealEntry({ archive, ...header }: CacheEntry, secret: CacheSecret): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(text.length);
  const mac = macOf([length, text, archive], secret);
  return Buffer.concat([magic, mac, length, text, archive]);
}

/** Checks everything about an entry before any of it is used. */
export async function openEntry(
  bytes: Buffer,
  expected: CacheKey,
  secret: CacheSecret,
): Promise<{ readonly kind: "entry"; readonly entry: CacheEntry } | CacheMiss> {
  if (bytes.length < headerStart || !bytes.subarray(0, magic.length).equals(magic)) {
    return { kind: "not-an-entry", what: "it begins otherwise" };
  }
  const mac = bytes.subarray(magic.length, magic.length + macBytes);
  if (!timingSafeEqual(mac, macOf([bytes.subarray(magic.length + macBytes)], secret))) {
    return { kind: "unauthenticated" };
  }
  const headerEnd = headerStart + bytes.readUInt32BE(headerStart - lengthBytes);
  const header = parseHeader(bytes.subarray(headerStart, headerEnd));
  if (header === undefined) return { kind: "not-an-entry", what: "its header is not valid" };
  const differences = keyDifferences(header.key, expected);
  if (differences.length > 0) return { kind: "foreign", differences };
  const archive = bytes.subarray(headerEnd);
  const flaw = await archiveFlaw(archive, header.archiveSha256, expected.digest, secret);
  return flaw === undefined
    ? { kind: "entry", entry: { ...header, archive } }
    : { kind: "archive", message: flaw };
}

function macOf(parts: readonly Uint8Array[], secret: CacheSecret): Buffer {
  const mac = createHmac("sha256", secret.macKey).update(magic);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** A run that held the secret wrote the archive of this digest; of an open entry only its bytes can tell. */
async function archiveFlaw(
  archive: Buffer,
  sha256: string,
  digest: string,
  secret: CacheSecret,
): Promise<string | undefined> {
  if (hash("sha256", archive) !== sha256) return "its archive is another one than it says";
  if (!secret.isOpen) return undefined;
  // Loaded here with all that reads a tar, which an entry of our own does not need.
  const { verifyArchive } = await import("../../artifact/verify.ts");
  try {
    await verifyArchive(pieces(archive), digest);
    return undefined;
  } catch (error) {
    if (error instanceof ReleaseError) return error.message;
    throw error;
  }
}

async function* pieces(bytes: Buffer): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1024 * 1024) yield bytes.subarray(at, at + 1024 * 1024);
}

function parseHeader(bytes: Buffer): Omit<CacheEntry, "archive"> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const {
    key: rawKey,
    builtAtMs,
    tasks: rawTasks,
    contract: rawContract,
    notices,
    archiveSha256,
  } = value as Record<string, unknown>;
  const key = parseCacheKey(rawKey);
  const tasks = parseTasks(rawTasks);
  const contract = parseContract(rawContract);
  if (key === undefined || tasks === undefined || contract === undefined) return undefined;
  if (typeof builtAtMs !== "number" || typeof archiveSha256 !== "string") return undefined;
  if (!Array.isArray(notices) || !notices.every((notice) => typeof notice === "string")) return undefined;
  return { key, builtAtMs, tasks, contract, notices, archiveSha256 };
}

function parseTasks(value: unknown): TaskIdentifier[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const tasks: TaskIdentifier[] = [];
  for (const task of value as unknown[]) {
    const { name, version } = (task ?? {}) as Record<string, unknown>;
    if (typeof name !== "string" || typeof version !== "string") return undefined;
    tasks.push({ name, version });
  }
  return identifierProblems(tasks).length === 0 ? sortIdentifiers(tasks) : undefined;
}
