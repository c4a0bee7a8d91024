import type { CacheMiss } from "./miss.ts";

/** Where entries are kept. What comes out is untrusted; no method throws, but for the signal's reason. */
export interface EntryStore {
  /** Answers with the entry of exactly this name. */
  read(name: string, maxSizeBytes: number, signal: AbortSignal): Promise<ReadAnswer>;
  write(name: string, bytes: Buffer, signal: AbortSignal): Promise<WriteAnswer>;
}

export type ReadAnswer =
  | { readonly kind: "found"; readonly bytes: Buffer }
  | { readonly kind: "nothing" }
  | CacheMiss;

export type WriteAnswer =
  | { readonly kind: "written" }
  /** Another run was faster, or it could not be read. */
  | { readonly kind: "not-written"; readonly why: string };
