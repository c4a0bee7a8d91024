/** Servers that are no control plane, or one that misbehaves: each test says how. */
import http from "node:http";
import net from "node:net";

export interface ForeignServer extends AsyncDisposable {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly host: string;
  /** What arrived, in order, as `METHOD PATH`. */
  readonly requests: string[];
}

export async function serveForeign(handle: http.RequestListener): Promise<ForeignServer> {
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    handle(request, response);
  });
  return listening(server, requests, () => server.closeAllConnections());
}

/** For what an HTTP server of Node's would never send. */
export async function serveBytes(handle: (socket: net.Socket) => void): Promise<ForeignServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    handle(socket);
  });
  return listening(server, [], () => {
    for (const socket of sockets) socket.destroy();
  });
}

async function listening(
  server: net.Server,
  requests: string[],
  closeConnections: () => void,
): Promise<ForeignServer> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        closeConnections();
      }),
  };
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  await using server = await serveBytes(() => {});
  return Number(new URL(server.url).port);
}
