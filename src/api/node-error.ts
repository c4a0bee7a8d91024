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
 * True when the server cannot have begun to carry the request out, so that even a call that must not happen twice
 * may be sent again.
 *
 * @param cause Of the error of the table.
 */
export function wasNeverBegun(cause: unknown): boolean {
  const code = nodeErrorCode(cause);
  return code !== undefined && (neverBegun.has(code) || isRefusedStream(cause));
}

const neverBegun = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  // The connection was being closed before the request was written.
  "ERR_HTTP2_GOAWAY_SESSION",
  "ERR_HTTP2_INVALID_SESSION",
]);

/** How HTTP/2 says so (RFC 9113, section 8.7), as a server does that stops. Node has no code of its own for it. */
function isRefusedStream(cause: unknown): boolean {
  for (let current = cause; current instanceof Error; current = current.cause) {
    if ("code" in current && current.code === "ERR_HTTP2_STREAM_ERROR") {
      return current.message.endsWith("NGHTTP2_REFUSED_STREAM");
    }
  }
  return false;
}
