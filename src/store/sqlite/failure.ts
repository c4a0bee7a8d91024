import { ReleaseError, SystemError } from "../../errors.ts";

/** Primary result codes that say something about the machine, not about the statement: sqlite.org/rescode.html. */
const machineCodes = new Map([
  [5, "is locked by another process"],
  [6, "is locked"],
  [7, "ran out of memory"],
  [8, "cannot be written to"],
  [10, "could not be read or written"],
  [11, "is damaged"],
  [13, "has no room left on its disk"],
  [14, "cannot be opened"],
  [26, "is not a database"],
]);

/** The primary SQLite result code of an error of node:sqlite; undefined for any other error. */
export function sqliteCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !("errcode" in thrown)) return undefined;
  return typeof thrown.errcode === "number" ? thrown.errcode & 0xff : undefined;
}

/**
 * Turns what SQLite threw into store-failed when the machine is to blame. Everything else passes as it
 * is: user errors, and defects of ours such as a constraint that a rule should have kept.
 */
export function toStoreError(thrown: unknown, databasePath: string): unknown {
  if (thrown instanceof ReleaseError) return thrown;
  const what = machineCodes.get(sqliteCode(thrown) ?? -1);
  if (what === undefined) return thrown;
  return new SystemError("store-failed", `The database ${databasePath} ${what}`, { cause: thrown });
}
