import type net from "node:net";

/** What a connection begins with; `http1` is whatever is none of the others. */
export type Spoken = "tls" | "http2" | "http1";

/** How every HTTP/2 connection with prior knowledge begins (RFC 9113, section 3.4); no HTTP/1 method is PRI. */
const http2Start = Buffer.from("PRI ");
/** How TLS begins: a record of type handshake (RFC 8446, section 5.1). No HTTP method begins with it. */
const tlsStart = 0x16;

/**
 * Reads as much of a new connection as it takes to tell what it speaks, and puts it back. Rejects when the
 * connection ends, breaks or stays silent for longer than the limit.
 */
export function sniff(socket: net.Socket, limitMs: number): Promise<Spoken> {
  const { promise, resolve, reject } = Promise.withResolvers<Spoken>();
  let seen: Buffer = Buffer.alloc(0);
  const onReadable = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const spoken = spokenIn(seen);
    if (spoken === undefined) return;
    stop();
    socket.unshift(seen);
    resolve(spoken);
  };
  const onEnd = () => {
    stop();
    reject(new Error("the connection ended before it said anything"));
  };
  const timer = setTimeout(onEnd, limitMs);
  const stop = () => {
    clearTimeout(timer);
    socket.off("readable", onReadable).off("end", onEnd).off("close", onEnd);
  };
  socket.on("readable", onReadable).on("end", onEnd).on("close", onEnd);
  return promise;
}

/** Undefined for too few bytes. */
function spokenIn(seen: Buffer): Spoken | undefined {
  if (seen[0] === tlsStart) return "tls";
  const compared = Math.min(seen.length, http2Start.length);
  if (!seen.subarray(0, compared).equals(http2Start.subarray(0, compared))) return "http1";
  return compared === http2Start.length ? "http2" : undefined;
}
