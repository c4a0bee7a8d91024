/** Ends TLS in front of the protocols, on the port's own connections. ALPN says which protocol comes inside. */
import type net from "node:net";
import tls from "node:tls";
import type { CertificateSource } from "./certificate-watch.ts";

export interface TlsFront {
  /** Rejects when the handshake fails, takes longer than its limit, or the connection ends meanwhile. */
  accept(socket: net.Socket): Promise<tls.TLSSocket>;
}

export function createTlsFront(certificates: CertificateSource, handshakeTimeoutMs: number): TlsFront {
  const { cert, key } = certificates.current;
  const options = { minVersion: "TLSv1.2", ALPNProtocols: ["h2", "http/1.1"] } as const;
  const server = tls.createServer({ ...options, cert, key, handshakeTimeout: handshakeTimeoutMs });
  // Connections that are open keep what they agreed on.
  certificates.onReplaced((next) =>
    server.setSecureContext({ minVersion: options.minVersion, cert: next.cert, key: next.key }),
  );
  /** tls.Server does not say which connection its secure one came from; the ends of both are the same. */
  const waiting = new Map<string, (secure: tls.TLSSocket) => void>();
  server.on("secureConnection", (secure) => {
    // Until its protocol's server takes it.
    secure.on("error", () => {});
    const take = waiting.get(endsOf(secure));
    if (take === undefined) secure.destroy();
    else take(secure);
  });
  // The connection has been closed by then; handshakes fail because of what clients are or do.
  server.on("tlsClientError", () => {});
  return {
    accept(socket) {
      const { promise, resolve, reject } = Promise.withResolvers<tls.TLSSocket>();
      const ends = endsOf(socket);
      const onClose = () => stop(() => reject(new Error("the connection ended during the handshake")));
      // Its own timeout counts silence alone, so that one byte now and then would hold a connection for ever.
      const timer = setTimeout(() => socket.destroy(), handshakeTimeoutMs);
      const stop = (end: () => void) => {
        clearTimeout(timer);
        waiting.delete(ends);
        socket.off("close", onClose);
        end();
      };
      socket.once("close", onClose);
      waiting.set(ends, (secure) => stop(() => resolve(secure)));
      server.emit("connection", socket);
      return promise;
    },
  };
}

function endsOf({ localAddress, localPort, remoteAddress, remotePort }: net.Socket): string {
  return [localAddress, localPort, remoteAddress, remotePort].join(" ");
}
