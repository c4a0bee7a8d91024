/**
 * One port for everything: gRPC with prior knowledge of HTTP/2, gRPC-Web and Connect over HTTP/1.1 and
 * HTTP/2, and plain HTTP. The official Python SDK needs that: it sends gRPC for calls and HTTP/1.1 for
 * telemetry to the same host and port. The first bytes of a connection tell which server gets it; over TLS
 * the handshake does.
 */
import { unlink } from "node:fs/promises";
import net from "node:net";
import { isLoopback } from "../engine/loopback.ts";
import { messageOf, UserError } from "../errors.ts";
import type { CertificateSource } from "./certificate-watch.ts";
import type { StreamHandler } from "./grpc-unary.ts";
import {
  type ConnectionLimits,
  createProtocolServers,
  lastRequestsMs,
  type RequestHandler,
} from "./protocol-servers.ts";
import { sniff } from "./sniff.ts";

export type ListenAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

export interface ListenerOptions {
  readonly addresses: readonly ListenAddress[];
  readonly handle: RequestHandler;
  /** Serves what it can of HTTP/2 without the cost of a request object; the rest goes to `handle`. */
  readonly serveStream?: StreamHandler;
  readonly limits: ConnectionLimits;
  /** TLS on every TCP address; unix sockets stay as they are. */
  readonly tls?: ListenerTls | undefined;
}

export interface ListenerTls {
  readonly certificates: CertificateSource;
  /** Answers requests that come in the clear. */
  readonly refusePlain: RequestHandler;
}

export interface Listener {
  /** Where it listens, with the port that was chosen for port 0. */
  readonly addresses: readonly ListenAddress[];
  openConnections(): number;
  /**
   * Takes no more connections and requests, lets those under way end, and cuts what is left after the limit.
   * May be called again, with a shorter limit too.
   */
  close(limitMs: number): Promise<void>;
}

/** Throws listen-failed when an address cannot be had; then none is. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const doors = await openDoors(options);
  const connections = new Connections();
  const servers: net.Server[] = [];
  const addresses: ListenAddress[] = [];
  const stopAccepting = () => {
    for (const server of servers) server.close();
    doors.close();
    setTimeout(() => connections.closeUnclaimed(), lastRequestsMs).unref();
  };
  try {
    for (const address of options.addresses) {
      const door = address.kind === "unix" ? doors.plain : doors.tcp;
      const server = net.createServer({ noDelay: true }, (socket) => {
        connections.add(socket);
        door(socket, () => connections.claim(socket)).catch(() => socket.destroy());
      });
      server.maxConnections = options.limits.maxConnections;
      addresses.push(await listen(server, address));
      servers.push(server);
    }
  } catch (error) {
    stopAccepting();
    throw error;
  }
  return {
    addresses,
    openConnections: () => connections.count,
    async close(limitMs) {
      stopAccepting();
      await connections.end(limitMs);
    },
  };
}

/** Finds out what a new connection speaks, claims it and hands it on. Rejects for one that says nothing of use. */
type Door = (socket: net.Socket, claim: () => void) => Promise<void>;

interface Doors {
  readonly plain: Door;
  readonly tcp: Door;
  close(): void;
}

async function openDoors({ handle, serveStream, limits, tls }: ListenerOptions): Promise<Doors> {
  const protocols = createProtocolServers(handle, limits, serveStream ?? (() => false));
  const plain: Door = async (socket, claim) => {
    const spoken = await sniff(socket, limits.headersTimeoutMs);
    claim();
    protocols.take(socket, spoken === "http2");
  };
  if (tls === undefined) return { plain, tcp: plain, close: () => protocols.close() };
  // Loaded here so that only who asks for TLS pays for it.
  const { createTlsFront } = await import("./tls-front.ts");
  const front = createTlsFront(tls.certificates, limits.headersTimeoutMs);
  const refusing = createProtocolServers(tls.refusePlain, limits, () => false);
  return {
    plain,
    async tcp(socket, claim) {
      const spoken = await sniff(socket, limits.headersTimeoutMs);
      if (spoken === "tls") {
        const secure = await front.accept(socket);
        claim();
        protocols.take(secure, secure.alpnProtocol === "h2");
      } else {
        claim();
        refusing.take(socket, spoken === "http2");
      }
    },
    close() {
      protocols.close();
      refusing.close();
    },
  };
}

/** The open connections; those that have not said yet what they speak are unclaimed. */
class Connections {
  readonly #open = new Set<net.Socket>();
  readonly #unclaimed = new Set<net.Socket>();
  #onEmpty = () => {};

  add(socket: net.Socket): void {
    this.#open.add(socket);
    this.#unclaimed.add(socket);
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#unclaimed.delete(socket);
      if (this.#open.size === 0) this.#onEmpty();
    });
    // What breaks while it is served is seen by the protocol's server; what breaks before is nobody's error.
    socket.on("error", () => {});
  }

  get count(): number {
    return this.#open.size;
  }

  claim(socket: net.Socket): void {
    this.#unclaimed.delete(socket);
  }

  closeUnclaimed(): void {
    for (const socket of this.#unclaimed) socket.destroy();
  }

  /** Waits until all are closed, and closes what is left after the limit. */
  async end(limitMs: number): Promise<void> {
    if (this.#open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#onEmpty;
    this.#onEmpty = () => {
      before();
      resolve();
    };
    const cut = setTimeout(() => {
      for (const socket of this.#open) socket.destroy();
    }, limitMs);
    await promise;
    clearTimeout(cut);
  }
}

/** True when only this machine can reach the address. */
export function isLocal(address: ListenAddress): boolean {
  return address.kind === "unix" || isLoopback(address.host);
}

async function listen(server: net.Server, address: ListenAddress): Promise<ListenAddress> {
  try {
    await bind(server, address);
  } catch (thrown) {
    const left =
      address.kind === "unix" && errorCode(thrown) === "EADDRINUSE" && !(await answers(address.path));
    if (!left || address.kind !== "unix") throw listenFailed(address, thrown);
    // A socket file that a killed process left behind.
    await unlink(address.path);
    await bind(server, address).catch((cause: unknown) => {
      throw listenFailed(address, cause);
    });
  }
  const bound = server.address();
  return address.kind === "tcp" && bound !== null && typeof bound === "object"
    ? { ...address, port: bound.port }
    : address;
}

function bind(server: net.Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    server.listen(
      address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port },
    );
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(path);
    probe.once("error", () => resolve(false));
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
  });
}

function listenFailed(address: ListenAddress, cause: unknown): UserError {
  const where = address.kind === "unix" ? address.path : `${address.host}:${address.port}`;
  const why = messageOf(cause);
  return new UserError("listen-failed", `Cannot listen on ${where}: ${why}`, { cause });
}

function errorCode(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
