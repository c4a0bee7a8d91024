/** What Node says of a broken connection, without anything of an RPC library. */

/** The innermost code of a Node error in the chain of causes. */
export function nodeErrorCode(thrown: unknown): string | undefined {
  let found: string | undefined;
  const seen = new Set<unknown>();
  for (let current = thrown; current instanceof Error && !seen.has(current); current = current.cause) {
    seen.add(current);
    // ConnectError has a numeric code; Node's are words.
    if ("code" in current && typeof current.code === "string" && /^[A-Z][A-Z0-9_]+$/.test(current.code)) {
      found = current.code;
    }
  }
  return found;
}

/**
 * True when the request cannot have reached a server, so that even a call that must not happen twice
 * may be sent again.
 *
 * @param cause Of the error of the table.
 */
export function wasNeverSent(cause: unknown): boolean {
  const code = nodeErrorCode(cause);
  return code !== undefined && neverSent.has(code);
}

const neverSent = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
]);
