import { readFile } from "node:fs/promises";
import type { Build } from "../build.ts";
import type { PackedProject } from "../pack-project.ts";
import { type CacheEntry, openEntry, sealEntry } from "./entry.ts";
import type { EntryStore } from "./entry-store.ts";
import { cacheKey, keyHash } from "./key.ts";
import type { CacheMiss } from "./miss.ts";
import type { CacheSecret } from "./secret.ts";
import type { TimeBudget } from "./time-budget.ts";

export interface BuildCacheOptions {
  readonly store: EntryStore;
  readonly secret: CacheSecret;
  readonly budget: TimeBudget;
  /** See `pythonIdentity`. */
  readonly python: () => string;
  readonly now: () => number;
}

export type CacheAnswer = { readonly kind: "entry"; readonly entry: CacheEntry } | CacheMiss;

/** Builds of exact keys. The checkout is the truth and an entry a hint: whatever is wrong with it is a miss. */
export interface BuildCache {
  find(packed: PackedProject): Promise<CacheAnswer>;
  /** Keeps a build that was just proven. Says why when it was not kept. */
  keep(packed: PackedProject, build: Build): Promise<string | undefined>;
}

/** What an entry may have: reading, checking and sending more costs more than it spares. */
const maxEntryBytes = 64 * 1024 * 1024;

/** A service that does not answer must not cost more, whatever it does and however many projects ask it. */
export const cacheLimitMs = 5_000;

export function createBuildCache({ store, secret, budget, python, now }: BuildCacheOptions): BuildCache {
  const nameOf = (hashOfKey: string) => `workflow-release-build-${secret.name}-${hashOfKey}`;
  return {
    async find(packed) {
      const key = cacheKey(packed, python());
      if (key === undefined) return { kind: "unlocked" };
      const answer = await budget.spend(async (signal): Promise<CacheAnswer> => {
        const read = await store.read(nameOf(keyHash(key)), maxEntryBytes, signal);
        if (read.kind === "nothing") return { kind: "absent", key };
        if (read.kind !== "found") return read;
        return await openEntry(read.bytes, key, secret);
      });
      if (answer === "time-spent") return { kind: "time-spent" };
      return answer === "timed-out" ? { kind: "timed-out", limitMs: cacheLimitMs } : answer;
    },
    async keep(packed, build) {
      const key = cacheKey(packed, python());
      if (key === undefined) return undefined;
      if (build.archive.sizeBytes > maxEntryBytes / 2) return "the archive is too large for it";
      const entry: CacheEntry = {
        key,
        builtAtMs: now(),
        tasks: build.tasks,
        contract: build.contract,
        notices: build.notices.slice(packed.notices.length),
        archive: await readFile(build.archive.path),
        archiveSha256: build.archive.sha256,
      };
      const answer = await budget.spend((signal) =>
        store.write(nameOf(keyHash(key)), sealEntry(entry, secret), signal),
      );
      if (answer === "time-spent") return "its time for this run is spent";
      if (answer === "timed-out") return "it did not answer in time";
      return answer.kind === "written" ? undefined : answer.why;
    },
  };
}
