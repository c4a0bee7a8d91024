import { isIPv4 } from "node:net";

/** 127.0.0.0/8, ::1 and `localhost`, which RFC 6761 keeps for loopback. Names that a resolver decides are not. */
export function isLoopback(hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return bare === "localhost" || bare === "::1" || (isIPv4(bare) && bare.startsWith("127."));
}
