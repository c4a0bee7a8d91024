import assert from "node:assert/strict";
import http2 from "node:http2";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { Code, ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { WorkflowsService } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { exchangeBytes } from "../support/raw-connection.ts";

let server: TestControlPlane;
let key: string;

before(async () => {
  server = await startControlPlane();
  key = await server.createKey("admin");
});

after(async () => {
  await server[Symbol.asyncDispose]();
  assert.deepEqual(server.failures, []);
});

interface Options {
  readonly baseUrl: string;
  readonly interceptors: Interceptor[];
  readonly sendCompression?: typeof compressionGzip;
  readonly compressMinBytes: number;
}

type Make = (options: Options) => Transport;

const protocols: Record<string, Make> = {
  "Connect over HTTP/1.1": (options) => createConnectTransport({ ...options, httpVersion: "1.1" }),
  "Connect over HTTP/2": (options) => createConnectTransport({ ...options, httpVersion: "2" }),
  "Connect with JSON": (options) =>
    createConnectTransport({ ...options, httpVersion: "1.1", useBinaryFormat: false }),
  gRPC: (options) => createGrpcTransport(options),
  "gRPC-Web over HTTP/1.1": (options) => createGrpcWebTransport({ ...options, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/2": (options) => createGrpcWebTransport({ ...options, httpVersion: "2" }),
};

function clientFor(make: Make, secret = key, more: Partial<Options> = {}) {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${secret}`);
    return next(request);
  };
  const options = { baseUrl: server.url, interceptors: [authorize], compressMinBytes: 0, ...more };
  return createClient(WorkflowsService, make(options));
}

function codeOf(code: Code) {
  return (error: unknown) => error instanceof ConnectError && error.code === code;
}

describe("one port", () => {
  for (const [name, make] of Object.entries(protocols)) {
    it(`serves ${name}`, async () => {
      const client = clientFor(make);
      const { slug } = await client.createWorkflow({ name: "One port" });
      assert.equal((await client.getWorkflow({ workflowSlug: slug })).name, "One port");
      await assert.rejects(client.getWorkflow({ workflowSlug: "missing" }), codeOf(Code.NotFound));
      await assert.rejects(client.createWorkflow({}), codeOf(Code.InvalidArgument));
    });

    it(`refuses a wrong key over ${name}`, async () => {
      await assert.rejects(clientFor(make, "wrong").listClusters({}), codeOf(Code.Unauthenticated));
    });

    it(`takes compressed requests and compresses answers over ${name}`, async () => {
      const client = clientFor(make, key, { sendCompression: compressionGzip });
      const description = "a".repeat(5_000);
      const { slug } = await client.createWorkflow({ name: "Compressed", description });
      assert.equal((await client.getWorkflow({ workflowSlug: slug })).description, description);
    });

    it(`ends a call over ${name} at its deadline`, async () => {
      const call = clientFor(make).listClusters({}, { timeoutMs: 0.01 });
      await assert.rejects(call, codeOf(Code.DeadlineExceeded));
    });
  }

  it("serves plain HTTP over both versions", async () => {
    const first = await fetch(`${server.url}/healthz`);
    assert.deepEqual([first.status, await first.json()], [200, { status: "ok" }]);
    assert.deepEqual(await getOverHttp2("/healthz"), { status: 200, body: '{"status":"ok"}\n' });
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    assert.equal((await getOverHttp2("/nowhere")).status, 404);
  });

  it("serves HTTP/1.1 one byte at a time, and HTTP/2 too", async () => {
    const request = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    const answer = await exchangeBytes(
      server.port,
      Array.from(request, (byte) => Buffer.from(byte)),
    );
    assert.match(answer.toString(), /^HTTP\/1\.1 200 OK\r\n/);
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const goaway = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const pieces = [...Array.from(preface, (byte) => Buffer.from(byte)), settings, goaway];
    const frames = await exchangeBytes(server.port, pieces);
    // The first frame of the answer is SETTINGS.
    assert.equal(frames[3], 4);
  });
});

describe("what is not a proper call", () => {
  const path = "/workflows.v1.WorkflowsService/ListClusters";

  it("of an unknown content type is refused", async () => {
    for (const contentType of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const answer = await post(path, "{}", { "content-type": contentType });
      assert.equal(answer.status, 415, contentType);
    }
  });

  it("by another method is refused", async () => {
    const headers = { authorization: `Bearer ${key}` };
    assert.equal((await fetch(server.url + path, { headers })).status, 405);
    assert.equal((await fetch(`${server.url}/healthz`, { method: "DELETE" })).status, 405);
  });

  it("of a method that does not exist is unimplemented", async () => {
    const answer = await post("/workflows.v1.WorkflowsService/Nothing", "{}", {
      "content-type": "application/json",
    });
    assert.equal(answer.status, 404);
  });

  it("with an unreadable message is refused", async () => {
    for (const [contentType, body, status] of [
      ["application/json", "{", 400],
      ["application/json", '{"page":3}', 400],
      // gRPC's own status for it is internal, and Connect follows.
      ["application/proto", Buffer.from([0xff, 0xff]), 500],
    ] as const) {
      const answer = await post("/workflows.v1.WorkflowsService/ListWorkflows", body, {
        "content-type": contentType,
      });
      assert.equal(answer.status, status, contentType);
    }
  });

  it("with a message that is no gzip although it says so is refused", async () => {
    const answer = await post(path, "{}", { "content-type": "application/json", "content-encoding": "gzip" });
    assert.equal(answer.status, 400);
    assert.equal(await grpcStatus(envelope(Buffer.from("no gzip"), 1), { "grpc-encoding": "gzip" }), "3");
  });

  it("with an unknown compression is unimplemented", async () => {
    const answer = await post(path, "{}", { "content-type": "application/json", "content-encoding": "xz" });
    assert.equal(answer.status, 501);
    assert.equal(await grpcStatus(envelope(Buffer.alloc(0), 1), { "grpc-encoding": "xz" }), "12");
  });

  it("with a message over the limit is refused, also when only its unpacked form is", async () => {
    const limit = 32 * 1024 * 1024;
    const headers = { "content-type": "application/proto" };
    assert.equal((await post(path, Buffer.alloc(limit + 1), headers)).status, 429);
    const bomb = gzipSync(Buffer.alloc(4 * limit));
    assert.equal((await post(path, bomb, { ...headers, "content-encoding": "gzip" })).status, 429);
    assert.equal(await grpcStatus(envelope(bomb, 1), { "grpc-encoding": "gzip" }), "8");
    // A length is believed before its bytes come, so it is refused by itself.
    const lie = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]);
    assert.equal(await grpcStatus(lie), "8");
  });

  it("with a broken gRPC envelope is refused", async () => {
    assert.equal(await grpcStatus(Buffer.from([0, 0, 0])), "3");
    assert.equal(await grpcStatus(Buffer.from([0, 0, 0, 0, 9, 1])), "3");
    assert.notEqual(await grpcStatus(Buffer.alloc(0)), "0");
    const twice = Buffer.concat([envelope(Buffer.alloc(0)), envelope(Buffer.alloc(0))]);
    assert.notEqual(await grpcStatus(twice), "0");
  });

  it("with an unusable timeout is refused", async () => {
    assert.equal(await grpcStatus(envelope(Buffer.alloc(0)), { "grpc-timeout": "soon" }), "3");
    const answer = await post(path, "{}", {
      "content-type": "application/json",
      "connect-timeout-ms": "soon",
    });
    assert.equal(answer.status, 400);
  });

  it("without a usable host is refused, and the server goes on", async () => {
    const call = (version: string, host: string) =>
      `POST ${path} HTTP/${version}\r\n${host}connection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`;
    for (const bytes of [call("1.0", ""), call("1.1", "host: %%%\r\n"), call("1.1", "host: \r\n")]) {
      const answer = await exchangeBytes(server.port, [Buffer.from(bytes)]);
      assert.match(answer.toString(), /^HTTP\/1\.1 40[01] /);
    }
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });

  it("in bytes that are no HTTP ends the connection only", async () => {
    const http2Start = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    for (const bytes of [
      Buffer.from("hello\r\n\r\n"),
      Buffer.from([0x16, 3, 1, 0, 0xa5, 1, 0, 0, 0xa1, 3, 3]),
      Buffer.from("PRI * HTTP/1.1\r\n\r\n"),
      Buffer.concat([http2Start, Buffer.alloc(64, 0xff)]),
      Buffer.from(`GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`),
      Buffer.from("GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"),
    ]) {
      await exchangeBytes(server.port, [bytes]);
    }
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });
});

function post(path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) {
  return fetch(server.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, ...headers },
    body,
  });
}

function envelope(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The grpc-status of a ListClusters call with exactly this body. */
async function grpcStatus(body: Uint8Array, headers: Record<string, string> = {}): Promise<string> {
  const session = http2.connect(server.url);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": "/workflows.v1.WorkflowsService/ListClusters",
      "content-type": "application/grpc+proto",
      te: "trailers",
      authorization: `Bearer ${key}`,
      ...headers,
    });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const take = (fields: http2.IncomingHttpHeaders) => {
      if (typeof fields["grpc-status"] === "string") resolve(fields["grpc-status"]);
    };
    stream.on("response", take).on("trailers", take).on("error", reject).resume();
    stream.on("close", () => reject(new Error("closed without a status")));
    stream.end(body);
    return await promise;
  } finally {
    session.destroy();
  }
}

async function getOverHttp2(path: string): Promise<{ status: number | undefined; body: string }> {
  const session = http2.connect(server.url);
  try {
    const stream = session.request({ ":path": path });
    let status: number | undefined;
    stream.on("response", (headers) => {
      status = headers[":status"];
    });
    let body = "";
    for await (const chunk of stream) body += chunk;
    return { status, body };
  } finally {
    session.destroy();
  }
}
