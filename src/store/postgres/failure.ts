import { ReleaseError, SystemError } from "../../errors.ts";

/**
 * SQLSTATEs and system errors that say something about the server, the network or the settings, not about a
 * statement: postgresql.org/docs/current/errcodes-appendix.html. A class stands for all its codes.
 */
const serverCodes: ReadonlyMap<string, string> = new Map([
  ["08", "lost the connection"],
  ["25P03", "ended a transaction that stood still for too long"],
  ["25006", "is read-only: it may be a replica that was not promoted yet"],
  ["28", "refuses this user or password"],
  ["3D000", "has no such database"],
  ["42501", "lacks a right that this user needs"],
  ["53100", "has no room left on its disk"],
  ["53300", "has no connection left"],
  ["53", "ran out of memory or another resource"],
  ["55P03", "is held up: another transaction keeps a lock"],
  ["57014", "took too long for a statement"],
  ["57P", "is shutting down or starting"],
  ["58", "could not read or write its files"],
  ["XX001", "is damaged"],
  ["XX002", "is damaged"],
  ["ECONNREFUSED", "is not reachable: nothing listens there"],
  ["ENOENT", "is not reachable: nothing listens there"],
  ["ENOTFOUND", "is not reachable: its name is unknown"],
  ["EAI_AGAIN", "is not reachable: its name cannot be looked up"],
  ["EHOSTUNREACH", "is not reachable"],
  ["ETIMEDOUT", "is not reachable: it does not answer"],
  ["ECONNRESET", "lost the connection"],
  ["EPIPE", "lost the connection"],
]);

/** What the pool says when it is full for longer than a connection may take. Writers never wait there. */
const poolIsFull = /^timeout exceeded when trying to connect$/;

/** What the driver says without a code, when a connection ends or does not come about. */
const lostConnection =
  /connection terminated|connection error and is not queryable|timeout|closed and is not queryable|Connection ended/i;

/** Another transaction was in the way; the same one may succeed when it is run again. */
const conflictCodes = new Set(["40001", "40P01"]);

function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

export function isConflict(thrown: unknown): boolean {
  return conflictCodes.has(codeOf(thrown) ?? "");
}

function describe(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if (thrown instanceof AggregateError) return describe(thrown.errors[0]);
  const code = codeOf(thrown) ?? "";
  for (const key of [code, code.slice(0, 3), code.slice(0, 2)]) {
    const what = serverCodes.get(key);
    if (what !== undefined) return what;
  }
  if (poolIsFull.test(thrown.message)) return "is slow: every connection for reads is in use";
  return lostConnection.test(thrown.message) ? "lost the connection" : undefined;
}

/**
 * Turns what the driver threw into store-failed when server or network are to blame. Everything else passes
 * as it is: user errors, and defects of ours such as a constraint that a rule should have kept.
 */
export function toStoreError(thrown: unknown, where: string): unknown {
  if (thrown instanceof ReleaseError) return thrown;
  const what = isConflict(thrown) ? "was too busy with others who change the same" : describe(thrown);
  if (what === undefined) return thrown;
  return new SystemError("store-failed", `The database ${where} ${what}`, { cause: thrown });
}

export function storeClosed(): SystemError {
  return new SystemError("store-failed", "The store is closed");
}

/** Server, network or settings are to blame, not what was asked for. */
export function isUnreachable(thrown: unknown): boolean {
  return describe(thrown) !== undefined;
}
