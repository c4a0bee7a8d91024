import type net from "node:net";

/** How every HTTP/2 connection with prior knowledge begins (RFC 9113, section 3.4); no HTTP/1 method is PRI. */
const http2Start = Buffer.from("PRI ");

/**
 * Reads as much of a new connection as it takes to tell HTTP/2 from HTTP/1, and puts it back. Rejects when
 * the connection ends, breaks or stays silent for longer than the limit.
 */
export function sniffHttp2(socket: net.Socket, limitMs: number): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  let seen: Buffer = Buffer.alloc(0);
  const onReadable = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const compared = Math.min(seen.length, http2Start.length);
    const same = seen.subarray(0, compared).equals(http2Start.subarray(0, compared));
    if (same && compared < http2Start.length) return;
    stop();
    socket.unshift(seen);
    resolve(same);
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
