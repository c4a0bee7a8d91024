import assert from "node:assert/strict";
import { once } from "node:events";
import { access, writeFile } from "node:fs/promises";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type ListenAddress, type Listener, startListener } from "../../src/server/listener.ts";
import {
  type ConnectionLimits,
  connectionLimits,
  type RequestHandler,
} from "../../src/server/protocol-servers.ts";
import { errorOf } from "../support/errors.ts";
import { exchangeBytes } from "../support/raw-connection.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const http2Start = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** `/slow` answers when the test says so, everything else at once. */
class TestListener implements AsyncDisposable {
  readonly #slow: (() => void)[] = [];
  #arrived = Promise.withResolvers<void>();
  listener: Listener | undefined;

  readonly handle: RequestHandler = (request, response) => {
    if (request.url !== "/slow") return void response.end("fast");
    this.#slow.push(() => response.end("slow"));
    this.#arrived.resolve();
  };

  async start(limits: Partial<ConnectionLimits> = {}, addresses?: ListenAddress[]) {
    this.listener = await startListener({
      addresses: addresses ?? [{ kind: "tcp", host: "127.0.0.1", port: 0 }],
      handle: this.handle,
      limits: { ...connectionLimits, ...limits },
    });
    return this;
  }

  get port(): number {
    const address = this.listener?.addresses[0];
    return address?.kind === "tcp" ? address.port : 0;
  }

  async slowRequestArrived(): Promise<void> {
    await this.#arrived.promise;
    this.#arrived = Promise.withResolvers<void>();
  }

  answerSlowRequests(): void {
    for (const answer of this.#slow.splice(0)) answer();
  }

  async [Symbol.asyncDispose]() {
    await this.listener?.close(0);
  }
}

const start = (limits?: Partial<ConnectionLimits>) => new TestListener().start(limits);

/** How long a connection that sends this stays open. */
async function lifeMs(port: number, bytes: string): Promise<number> {
  const startedAtMs = performance.now();
  await exchangeBytes(port, [Buffer.from(bytes)]);
  return performance.now() - startedAtMs;
}

describe("a connection", () => {
  it("that does not say what it wants is closed", async () => {
    await using server = await start({ headersTimeoutMs: 100 });
    for (const bytes of ["", "P", "PR", "GET / HTTP/1.1\r\nhost: x\r\nx-slow: "]) {
      const ms = await lifeMs(server.port, bytes);
      assert.ok(ms >= 90 && ms < 2_000, `${JSON.stringify(bytes)} lived ${ms} ms`);
    }
  });

  it("that is idle is closed", async () => {
    await using server = await start({ idleTimeoutMs: 100 });
    for (const bytes of [http2Start, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"]) {
      // Node adds a second to what it tells HTTP/1 clients.
      const ms = await lifeMs(server.port, bytes);
      assert.ok(ms >= 90 && ms < 3_000, `${JSON.stringify(bytes)} lived ${ms} ms`);
    }
  });

  it("whose request does not move is closed, but not one that is idle for less", async () => {
    await using server = await start({ idleTimeoutMs: 50, stalledTimeoutMs: 300 });
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    const stream = session.request({ ":path": "/slow" });
    stream.on("error", () => {});
    const startedAtMs = performance.now();
    await once(session, "close");
    const first = performance.now() - startedAtMs;
    assert.ok(first >= 250 && first < 2_000, `HTTP/2 lived ${first} ms`);
    const second = await lifeMs(server.port, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    assert.ok(second >= 250 && second < 2_000, `HTTP/1 lived ${second} ms`);
  });

  it("beyond the limit is dropped", async () => {
    await using server = await start({ maxConnections: 2 });
    const held = [1, 2].map(() => net.connect(server.port, "127.0.0.1"));
    await Promise.all(held.map((socket) => once(socket, "connect")));
    assert.equal((await exchangeBytes(server.port, [Buffer.from("GET / HTTP/1.1\r\n\r\n")])).length, 0);
    for (const socket of held) socket.destroy();
  });

  it("with headers beyond the limit is refused", async () => {
    await using server = await start({ maxHeaderSizeBytes: 1_000 });
    const long = "x".repeat(70_000);
    const answer = await exchangeBytes(server.port, [
      Buffer.from(`GET / HTTP/1.1\r\nhost: x\r\nx-long: ${long}\r\n\r\n`),
    ]);
    assert.match(answer.toString(), /^HTTP\/1\.1 431 /);
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    // nghttp2's own limit of 64 KiB holds; the setting only tells clients of ours.
    const stream = session.request({ "x-long-1": long.slice(35_000), "x-long-2": long.slice(35_000) });
    await assert.rejects(once(stream, "response"));
    session.destroy();
  });
});

describe("closing", () => {
  it("refuses new connections and closes idle ones soon", async () => {
    await using server = await start();
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    await once(session, "connect");
    const agent = new http.Agent({ keepAlive: true });
    await new Promise((resolve) =>
      http.get({ port: server.port, agent }, (response) => response.resume().on("end", resolve)),
    );
    const silent = net.connect(server.port, "127.0.0.1").on("error", () => {});
    await once(silent, "connect");
    const startedAtMs = performance.now();
    await server.listener?.close(10_000);
    assert.ok(performance.now() - startedAtMs < 1_000);
    const late = net.connect(server.port, "127.0.0.1");
    await assert.rejects(once(late, "connect"), { code: "ECONNREFUSED" });
    agent.destroy();
  });

  it("lets requests of both versions end, and takes no more on their connections", async () => {
    await using server = await start();
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    const stream = session.request({ ":path": "/slow" }).setEncoding("utf8");
    await server.slowRequestArrived();
    const agent = new http.Agent({ keepAlive: true });
    const first = new Promise<http.IncomingMessage>((resolve) =>
      http.get({ port: server.port, path: "/slow", agent }, resolve),
    );
    await server.slowRequestArrived();
    const closed = server.listener?.close(10_000);
    await once(session, "goaway");
    await assert.rejects(once(session.request({ ":path": "/" }), "response"), /GOAWAY/);
    server.answerSlowRequests();
    assert.equal((await stream.toArray()).join(""), "slow");
    const response = await first;
    assert.equal((await response.setEncoding("utf8").toArray()).join(""), "slow");
    await closed;
    agent.destroy();
  });

  it("refuses requests of HTTP/2 that cross it, so that their clients know that nobody reads them", async () => {
    await using server = await start();
    const sessions = [1, 2, 3].map(() => http2.connect(`http://127.0.0.1:${server.port}`));
    const [idle, busy, fresh] = sessions;
    assert.ok(idle && busy && fresh);
    const slow = busy.request({ ":path": "/slow" }).setEncoding("utf8");
    await server.slowRequestArrived();
    await idle.request({ ":path": "/" }).resume().toArray();
    while ((server.listener?.openConnections() ?? 0) < sessions.length) await nextTurn();
    const closed = server.listener?.close(10_000);
    const crossing = sessions.map((session) => once(session.request({ ":path": "/" }), "response"));
    await Promise.all(crossing.map((answer) => assert.rejects(answer, /NGHTTP2_REFUSED_STREAM/)));
    server.answerSlowRequests();
    assert.equal((await slow.toArray()).join(""), "slow");
    await closed;
  });

  it("answers requests of HTTP/1.1 that cross it, and says that these are the last", async () => {
    await using server = await start();
    const agent = new http.Agent({ keepAlive: true });
    const get = async () => {
      const response = await new Promise<http.IncomingMessage>((resolve, reject) =>
        http.get({ port: server.port, agent }, resolve).once("error", reject),
      );
      return [(await response.toArray()).join(""), response.headers.connection];
    };
    assert.deepEqual(await get(), ["fast", "keep-alive"]);
    const closed = server.listener?.close(10_000);
    assert.deepEqual(await get(), ["fast", "close"]);
    await closed;
    await assert.rejects(get(), { code: "ECONNREFUSED" });
    agent.destroy();
  });

  it("cuts what has not ended within the limit", async () => {
    await using server = await start();
    const session = http2.connect(`http://127.0.0.1:${server.port}`);
    session.request({ ":path": "/slow" }).on("error", () => {});
    await server.slowRequestArrived();
    const startedAtMs = performance.now();
    await server.listener?.close(100);
    const ms = performance.now() - startedAtMs;
    assert.ok(ms >= 90 && ms < 1_000, `closed after ${ms} ms`);
    await server.listener?.close(100);
  });
});

describe("listening", () => {
  it("on a port that is taken fails and lets go of the other addresses", async () => {
    await using taken = await start();
    const free = await start();
    const { port } = free;
    await free.listener?.close(0);
    const addresses: ListenAddress[] = [
      { kind: "tcp", host: "127.0.0.1", port },
      { kind: "tcp", host: "127.0.0.1", port: taken.port },
    ];
    await assert.rejects(
      new TestListener().start({}, addresses),
      errorOf("listen-failed", new RegExp(`127\\.0\\.0\\.1:${taken.port}`)),
    );
    await using again = await new TestListener().start({}, addresses.slice(0, 1));
    assert.equal(again.port, port);
  });

  // Windows has named pipes in another namespace.
  if (process.platform !== "win32") {
    it("on a unix socket serves both versions and takes the place of a dead server", async () => {
      await using folder = await createScratchFolder();
      const path = join(folder.path, "api.sock");
      const addresses: ListenAddress[] = [{ kind: "unix", path }];
      await writeFile(path, "");
      {
        await using server = await new TestListener().start({}, addresses);
        assert.deepEqual(server.listener?.addresses, addresses);
        const response = await new Promise<http.IncomingMessage>((resolve) =>
          http.get({ socketPath: path, path: "/" }, resolve),
        );
        assert.equal((await response.setEncoding("utf8").toArray()).join(""), "fast");
        const session = http2.connect("http://localhost", { createConnection: () => net.connect(path) });
        const stream = session.request({ ":path": "/" }).setEncoding("utf8");
        assert.equal((await stream.toArray()).join(""), "fast");
        session.destroy();
        await assert.rejects(new TestListener().start({}, addresses), errorOf("listen-failed"));
      }
      await assert.rejects(access(path));
    });
  }
});
