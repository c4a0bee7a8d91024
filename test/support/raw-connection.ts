/** Talks to a port in bytes, for what no HTTP client would send. */
import net from "node:net";

/** Sends the pieces one by one and collects everything until the other side closes or breaks the connection. */
export function exchangeBytes(port: number, pieces: readonly Uint8Array[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(received)));
    socket.on("connect", async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return;
        socket.write(piece);
        // One turn of the event loop, so that each piece is a packet of its own.
        if (pieces.length > 1) await new Promise((next) => setImmediate(next));
      }
    });
  });
}
