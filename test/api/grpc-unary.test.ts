import assert from "node:assert/strict";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { ClusterSchema, WorkflowsService } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import { createGrpcUnaryTransport } from "../../src/api/grpc-unary.ts";
import { withQuietSessions } from "../../src/api/http2-sessions.ts";

type Answer = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

let server: http2.Http2Server;
let manager: Http2SessionManager;
let client: Client<typeof WorkflowsService>;
let answer: Answer;

before(async () => {
  server = http2.createServer();
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    answer(stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  manager = new Http2SessionManager(baseUrl);
  const sessions = withQuietSessions(manager);
  const transport = createGrpcUnaryTransport({
    sessions,
    headers: { authorization: "Bearer it" },
    defaultTimeoutMs: 5_000,
    maxAnswerBytes: 1_000,
    streams: createGrpcTransport({ baseUrl, sessionManager: sessions }),
  });
  client = createClient(WorkflowsService, transport);
});

after(async () => {
  manager.abort();
  await new Promise((resolve) => server.close(resolve));
});

const ok = { ":status": 200, "content-type": "application/grpc+proto" };
const frame = (slug: string, flag = 0): Buffer => {
  const message = toBinary(ClusterSchema, create(ClusterSchema, { slug }));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};
const respond =
  (
    body: readonly Buffer[],
    trailers: http2.OutgoingHttpHeaders,
    head: http2.OutgoingHttpHeaders = ok,
  ): Answer =>
  (stream) => {
    stream.respond(head, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    for (const part of body) stream.write(part);
    stream.end();
  };
const call = (options: { signal?: AbortSignal; timeoutMs?: number } = {}) =>
  client.getCluster({ clusterSlug: "asked" }, options);
const fails = (code: Code, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ConnectError);
  assert.equal(Code[error.code], Code[code], error.message);
  assert.match(error.rawMessage, message);
  return true;
};

describe("a unary call", () => {
  it("sends what gRPC asks for and takes an answer in any number of pieces", async () => {
    let seen: http2.IncomingHttpHeaders = {};
    answer = (stream, headers) => {
      seen = headers;
      const [first, ...rest] = [...frame("it")].map((byte) => Buffer.from([byte]));
      assert.ok(first);
      respond([first, ...rest], { "grpc-status": "0" })(stream, headers);
    };
    assert.equal((await call({ timeoutMs: 1_500 })).slug, "it");
    assert.equal(seen[":path"], "/workflows.v1.WorkflowsService/GetCluster");
    assert.equal(seen["content-type"], "application/grpc+proto");
    assert.equal(seen.te, "trailers");
    assert.equal(seen["grpc-timeout"], "1500m");
    assert.equal(seen.authorization, "Bearer it");
  });

  it("rejects with the status of the trailers, and with one that comes instead of an answer", async () => {
    answer = respond([], { "grpc-status": "5", "grpc-message": "no%20such" });
    await assert.rejects(call(), fails(Code.NotFound, /^no such$/));
    answer = (stream) =>
      stream.respond({ ...ok, "grpc-status": "7", "grpc-message": "not you" }, { endStream: true });
    await assert.rejects(call(), fails(Code.PermissionDenied, /^not you$/));
  });

  const odd: readonly [string, Answer, Code, RegExp][] = [
    ["without a status", respond([frame("it")], {}), Code.Internal, /missing status/],
    ["without a message", respond([], { "grpc-status": "0" }), Code.Internal, /no message/],
    [
      "cut short",
      respond([frame("it").subarray(0, 6)], { "grpc-status": "0" }),
      Code.Internal,
      /another length/,
    ],
    [
      "of two messages",
      respond([frame("a"), frame("b")], { "grpc-status": "0" }),
      Code.Internal,
      /another length/,
    ],
    ["that is compressed", respond([frame("it", 1)], { "grpc-status": "0" }), Code.Internal, /compressed/],
    [
      "that is too large",
      respond([frame("x".repeat(2_000))], { "grpc-status": "0" }),
      Code.ResourceExhausted,
      /larger/,
    ],
    [
      "of a web server",
      (stream) => {
        stream.respond({ ":status": 200, "content-type": "text/html" });
        stream.end("<html>");
      },
      Code.Unknown,
      /unsupported content type text\/html/,
    ],
    [
      "of a proxy",
      (stream) => stream.respond({ ":status": 503 }, { endStream: true }),
      Code.Unavailable,
      /HTTP 503/,
    ],
    ["that breaks off", (stream) => stream.close(http2.constants.NGHTTP2_CANCEL), Code.Canceled, /./],
    [
      "that breaks off in the middle",
      (stream) => {
        stream.respond(ok);
        stream.write(frame("it").subarray(0, 6), () => stream.session?.destroy());
      },
      Code.Canceled,
      /./,
    ],
  ];
  for (const [what, given, code, message] of odd) {
    it(`rejects an answer ${what}`, async () => {
      answer = given;
      await assert.rejects(call(), fails(code, message));
    });
  }

  it("ends with its limit and with its signal, and tells the server", async () => {
    let closed = Promise.withResolvers<number>();
    answer = (stream) => stream.on("close", () => closed.resolve(stream.rstCode ?? -1));
    await assert.rejects(call({ timeoutMs: 50 }), fails(Code.DeadlineExceeded, /timed out/));
    assert.equal(await closed.promise, http2.constants.NGHTTP2_CANCEL);
    closed = Promise.withResolvers<number>();
    await assert.rejects(call({ signal: AbortSignal.timeout(50) }), fails(Code.Canceled, /stopped/));
    assert.equal(await closed.promise, http2.constants.NGHTTP2_CANCEL);
    await assert.rejects(call({ signal: AbortSignal.abort() }), fails(Code.Canceled, /stopped/));
  });
});
