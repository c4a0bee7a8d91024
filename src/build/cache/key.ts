import { hash } from "node:crypto";
import { formatVersion } from "../../artifact/fingerprint.ts";
import { version } from "../../version.ts";
import type { PackedProject } from "../pack-project.ts";

/** Everything that what a build finds may depend on, in words that a person can compare. */
export interface CacheKey {
  readonly workflow: string;
  /** Of the artifact. */
  readonly digest: string;
  readonly entrypoint: string;
  /** sha256 of uv.lock. */
  readonly lock: string;
  readonly python: string;
  readonly platform: string;
  readonly format: string;
  readonly program: string;
}

/** Where two keys differ. */
export interface KeyDifference {
  readonly part: keyof CacheKey;
  readonly there: string;
  readonly here: string;
}

/** @returns undefined without a uv.lock in the artifact: its dependencies are others tomorrow. */
export function cacheKey(packed: PackedProject, python: string): CacheKey | undefined {
  const lock = packed.manifest.find(({ path }) => path === "uv.lock");
  if (lock?.kind !== "file") return undefined;
  const { slug, entrypoint } = packed.project;
  return {
    workflow: slug,
    digest: packed.digest,
    entrypoint: JSON.stringify(entrypoint.kind === "runner" ? entrypoint.objectPath : entrypoint.argv),
    lock: lock.sha256,
    python,
    platform: `${process.platform}-${process.arch}`,
    format: String(formatVersion),
    program: version,
  };
}

const partNames = [
  "workflow",
  "digest",
  "entrypoint",
  "lock",
  "python",
  "platform",
  "format",
  "program",
] as const satisfies readonly (keyof CacheKey)[];

/** The same for the same parts alone: an entry is asked for by it, and never by a prefix. */
export function keyHash(key: CacheKey): string {
  return hash("sha256", JSON.stringify(partNames.map((part) => [part, key[part]])));
}

export function keyDifferences(there: CacheKey, here: CacheKey): KeyDifference[] {
  return partNames
    .filter((part) => there[part] !== here[part])
    .map((part) => ({ part, there: there[part], here: here[part] }));
}

/** The parts as one line; hashes are cut to what tells them apart. */
export function describeKey(key: CacheKey): string {
  return partNames.map((part) => `${part} ${shortPart(key[part])}`).join(", ");
}

export function shortPart(value: string): string {
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : value;
}

/** Reads a key out of an entry; undefined when something is missing or no text. */
export function parseCacheKey(value: unknown): CacheKey | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const parts = value as Readonly<Record<string, unknown>>;
  return partNames.every((part) => typeof parts[part] === "string")
    ? (parts as unknown as CacheKey)
    : undefined;
}
