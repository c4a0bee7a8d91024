/** TLS on the one port: which protocol comes inside, who is refused, and what a slow or plain client sees. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import tls from "node:tls";
import { createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { TaskService } from "../../src/api/gen/workflows/v1/task_pb.ts";
import type { Certificate } from "../../src/server/certificate.ts";
import type { CertificateSource } from "../../src/server/certificate-watch.ts";
import { CallFigures } from "../../src/server/figures.ts";
import { startListener } from "../../src/server/listener.ts";
import { refusePlainRequests } from "../../src/server/plain-refusal.ts";
import { type ConnectionLimits, connectionLimits } from "../../src/server/protocol-servers.ts";
import { createAuthority, type TestAuthority } from "../support/certificates.ts";
import { exchangeBytes } from "../support/raw-connection.ts";

let authority: TestAuthority;
before(async () => {
  authority = await createAuthority();
});

/** A certificate that the test replaces itself. */
class HeldCertificate implements CertificateSource {
  current: Certificate;
  #listener: (certificate: Certificate) => void = () => {};
  constructor(pair: { readonly cert: string; readonly key: string }) {
    this.current = { ...pair, names: "", validFromMs: 0, validToMs: 0 };
  }
  onReplaced(listener: (certificate: Certificate) => void): void {
    this.#listener = listener;
  }
  replace(pair: { readonly cert: string; readonly key: string }): void {
    this.current = { ...this.current, ...pair };
    this.#listener(this.current);
  }
  [Symbol.dispose](): void {}
}

/** Answers every request with what it came over. */
async function start(limits: Partial<ConnectionLimits> = {}) {
  const certificates = new HeldCertificate(await authority.issue());
  const listener = await startListener({
    addresses: [{ kind: "tcp", host: "127.0.0.1", port: 0 }],
    handle: (request, response) => response.end(`HTTP/${request.httpVersion}`),
    limits: { ...connectionLimits, ...limits },
    tls: {
      certificates,
      refusePlain: refusePlainRequests(({ error }) => assert.fail(String(error)), new CallFigures()),
    },
  });
  const [address] = listener.addresses;
  assert.ok(address?.kind === "tcp");
  return {
    certificates,
    listener,
    port: address.port,
    [Symbol.asyncDispose]: () => listener.close(0),
  };
}

function get(port: number): Promise<{ body: string; serial: string | undefined }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ body: string; serial: string | undefined }>();
  const request = https.get(
    { port, host: "localhost", ca: authority.root, agent: false },
    async (response) => {
      const socket = response.socket;
      const serial = socket instanceof tls.TLSSocket ? socket.getPeerCertificate().serialNumber : undefined;
      resolve({ body: Buffer.concat(await response.toArray()).toString(), serial });
    },
  );
  request.on("error", reject);
  return promise;
}

/** Whatever it ends with: what is written as the other end closes is an error, or not. */
function closeOf(socket: net.Socket): Promise<unknown> {
  socket.on("error", () => {});
  return new Promise((resolve) => socket.once("close", resolve));
}

async function getOverHttp2(session: http2.ClientHttp2Session): Promise<string> {
  const stream = session.request({ ":path": "/" });
  return Buffer.concat(await stream.toArray()).toString();
}

describe("a port that speaks TLS", () => {
  test("speaks HTTP/2 with who asks for it and HTTP/1.1 with everyone else", async () => {
    await using server = await start();
    const session = http2.connect(`https://localhost:${server.port}`, { ca: authority.root });
    assert.equal(await getOverHttp2(session), "HTTP/2.0");
    session.destroy();
    assert.equal((await get(server.port)).body, "HTTP/1.1");
  });

  test("takes TLS 1.2 and newer, and no protocol that is another's", async () => {
    await using server = await start();
    const connect = async (options: tls.ConnectionOptions) => {
      const socket = tls.connect({ port: server.port, host: "localhost", ca: authority.root, ...options });
      await once(socket, "secureConnect");
      const protocol = socket.getProtocol();
      socket.destroy();
      return protocol;
    };
    assert.equal(await connect({}), "TLSv1.3");
    assert.equal(await connect({ maxVersion: "TLSv1.2" }), "TLSv1.2");
    // Level 0 lets this client offer what OpenSSL no longer does by itself.
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await assert.rejects(connect(old), /protocol version/);
    await assert.rejects(connect({ ALPNProtocols: ["smtp"] }), /no application protocol/);
  });

  test("serves a replaced certificate to whoever connects from then on", async () => {
    await using server = await start();
    const session = http2.connect(`https://localhost:${server.port}`, { ca: authority.root });
    await getOverHttp2(session);
    const { serial } = await get(server.port);
    server.certificates.replace(await authority.issue());
    const later = await get(server.port);
    assert.ok(serial !== undefined && later.serial !== undefined && serial !== later.serial);
    assert.equal(await getOverHttp2(session), "HTTP/2.0", "who is connected stays");
    session.destroy();
  });

  test("closes a connection whose handshake is slow, also while bytes keep coming", async () => {
    await using server = await start({ headersTimeoutMs: 200 });
    const silent = exchangeBytes(server.port, [Buffer.from([0x16])]);
    const dripping = net.connect(server.port, "127.0.0.1");
    const closed = closeOf(dripping);
    // The head of a handshake record of 8 KiB, whose body never is complete.
    dripping.write(Buffer.from([0x16, 3, 1, 0x20, 0]));
    using _drip = setInterval(() => dripping.write(Buffer.from([1])), 20);
    await Promise.all([silent, closed]);
  });

  test("survives what is no TLS after all", async () => {
    await using server = await start();
    await exchangeBytes(server.port, [Buffer.from([0x16, 3, 1, 0, 4, 1, 2, 3, 4])]);
    assert.equal((await get(server.port)).body, "HTTP/1.1");
  });

  test("closes at once although a handshake is under way, and lets requests end", async () => {
    const server = await start();
    const half = net.connect(server.port, "127.0.0.1");
    const closed = closeOf(half);
    half.write(Buffer.from([0x16, 3, 1]));
    const session = http2.connect(`https://localhost:${server.port}`, { ca: authority.root });
    assert.equal(await getOverHttp2(session), "HTTP/2.0");
    await Promise.all([closed, once(session, "close"), server.listener.close(60_000)]);
  });
});

describe("a plain request to a port that speaks TLS", () => {
  let server: Awaited<ReturnType<typeof start>>;
  before(async () => {
    server = await start();
  });
  after(() => server.listener.close(0));
  const says = /This port speaks TLS.*https:\/\//s;

  test("is told so over HTTP/1.1", async () => {
    const request = http.get({ port: server.port, path: "/healthz", agent: false });
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    assert.equal(response.statusCode, 400);
    assert.match(Buffer.concat(await response.toArray()).toString(), says);
  });

  for (const [name, transport] of [
    ["gRPC", (baseUrl: string) => createGrpcTransport({ baseUrl })],
    ["gRPC-Web", (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
    ["Connect", (baseUrl: string) => createConnectTransport({ baseUrl, httpVersion: "2" })],
  ] as const) {
    test(`is told so over ${name}`, async () => {
      const client = createClient(TaskService, transport(`http://127.0.0.1:${server.port}`));
      await assert.rejects(client.nextTask({}), says);
    });
  }
});
