import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "./environment.ts";
import type { Watchdog } from "./watchdog.ts";

/** Where a worker is to listen, and how it is known to be ours. */
export interface Endpoint extends Disposable {
  /** TILEBOX_WORKER_ADDRESS, _RUNTIME_DIR and _RUNTIME_TOKEN. Workers before 0.64 read only the first. */
  readonly variables: Environment;
  readonly token: string;
  /** True once the worker has said where it listens (0.64 and later say so before they import user code). */
  announced(): boolean;
  /** True when something listens at the address. */
  listening(): Promise<boolean>;
  /** A new connection to the worker. */
  connect(): Socket;
}

/** The shortest limit of a unix socket's path among the systems we run on is macOS's 104 bytes with its end. */
const socketPathBytes = 103;
const socketName = "w.sock";

/**
 * A folder that only we can enter, with a socket path short enough for every system. On Windows, where
 * Python's gRPC has no unix sockets, a loopback port that was free a moment ago: workers before 0.64
 * cannot say which port the system gave them, so it is chosen here.
 */
export async function createEndpoint(watchdog: Watchdog): Promise<Endpoint> {
  const folder = await watchdog.makeFolder(runtimeParent());
  const token = randomBytes(32).toString("hex");
  const target = process.platform === "win32" ? await freePort() : join(folder, socketName);
  // Written elsewhere and renamed, so it is whole when it is there; what it says we know.
  const announcement = join(folder, "endpoint.json");
  const address = typeof target === "number" ? `127.0.0.1:${target}` : `unix://${target}`;
  const open = (): Socket =>
    typeof target === "number" ? connect({ host: "127.0.0.1", port: target }) : connect({ path: target });
  return {
    variables: {
      TILEBOX_WORKER_ADDRESS: address,
      TILEBOX_RUNTIME_DIR: folder,
      TILEBOX_RUNTIME_TOKEN: token,
    },
    token,
    announced: () => existsSync(announcement),
    listening: async () => (typeof target === "number" || existsSync(target)) && accepts(open()),
    connect: open,
    [Symbol.dispose]: () => watchdog.removeFolder(folder),
  };
}

/** Where the folder is made: the usual place, unless its name leaves too little room for a socket's path. */
function runtimeParent(): string {
  const parent = tmpdir();
  const longest = join(parent, "wr-0123456789", socketName);
  return process.platform === "win32" || Buffer.byteLength(longest) <= socketPathBytes ? parent : "/tmp";
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return address.port;
}

function accepts(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (yes: boolean) => () => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", answer(true));
    socket.once("error", answer(false));
  });
}
