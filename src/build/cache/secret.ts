import { hkdfSync } from "node:crypto";

/** What authenticates entries. Each secret has names of its own, so that nobody's entry blocks another's. */
export interface CacheSecret {
  /** Part of an entry's name; tells nothing about the key. */
  readonly name: string;
  readonly macKey: Buffer;
  /** True for the one that anybody knows: such an entry proves no origin, and is checked byte by byte. */
  readonly isOpen: boolean;
}

/** For runs that hold the API key: nobody without it can write an entry that they take. */
export function secretOfApiKey(apiKey: string): CacheSecret {
  return derive(apiKey, "api-key", false);
}

/** For runs of one machine without an API key. */
export function secretOfMachine(random: Uint8Array): CacheSecret {
  return derive(random, "machine", false);
}

/** For checks of pull requests from forks, which hold nothing that others do not have. */
export function openSecret(): CacheSecret {
  return derive("anybody", "open", true);
}

function derive(input: string | Uint8Array, kind: string, isOpen: boolean): CacheSecret {
  const part = (use: string, sizeBytes: number) =>
    Buffer.from(hkdfSync("sha256", input, "workflow-release build cache", `${kind} ${use}`, sizeBytes));
  return { name: `${kind}-${part("name", 8).toString("hex")}`, macKey: part("mac", 32), isOpen };
}
