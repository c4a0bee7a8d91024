import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { WorkflowsService } from "../../src/api/gen/workflows/v1/workflows_pb.ts";
import { trustEveryone } from "../../src/server/auth.ts";
import { CallFigures } from "../../src/server/figures.ts";
import { type Listener, startListener } from "../../src/server/listener.ts";
import { connectionLimits, type RequestHandler } from "../../src/server/protocol-servers.ts";
import { createRoutes } from "../../src/server/routes.ts";
import { callerOf } from "../../src/server/rpc-gate.ts";
import { createRpcHandlers } from "../../src/server/rpc-handler.ts";

const path = "/workflows.v1.WorkflowsService/GetCluster";

/** GetCluster does what the test says. */
let getCluster: (signal: AbortSignal, name: string) => Promise<{ slug: string }>;
let failures: { what: string; error: unknown }[];
let listener: Listener;
let port: number;

beforeEach(async () => {
  failures = [];
  const report = (failure: { what: string; error: unknown }) => failures.push(failure);
  const routes = createRoutes(
    { workflows: { getCluster: (_request, context) => getCluster(context.signal, callerOf(context).name) } },
    { authenticate: trustEveryone("tester"), report },
  );
  const handlers = createRpcHandlers(routes, {
    limits: { maxMessageBytes: 1_000, messageTimeoutMs: 150 },
    report,
    figures: new CallFigures(),
  });
  const handle: RequestHandler = (request, response, expectsContinue) =>
    handlers(request.url ?? "")?.(request, response, expectsContinue);
  listener = await startListener({
    addresses: [{ kind: "tcp", host: "127.0.0.1", port: 0 }],
    handle,
    limits: connectionLimits,
  });
  const [address] = listener.addresses;
  port = address?.kind === "tcp" ? address.port : 0;
});

afterEach(() => listener.close(0));

const transports = {
  "HTTP/1.1": () => createConnectTransport({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "1.1" }),
  "HTTP/2": () => createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }),
};

for (const [version, transport] of Object.entries(transports)) {
  describe(`a call over ${version}`, () => {
    const client = () => createClient(WorkflowsService, transport());

    it("reaches its handler with its caller", async () => {
      getCluster = async (_signal, name) => ({ slug: name });
      assert.equal((await client().getCluster({})).slug, "tester");
    });

    it("whose caller gives up tells its handler and is no failure", async () => {
      const started = Promise.withResolvers<void>();
      const stopped = Promise.withResolvers<void>();
      getCluster = async (signal) => {
        started.resolve();
        await once(signal, "abort");
        stopped.resolve();
        throw new Error("stopped half-way");
      };
      const controller = new AbortController();
      const call = client().getCluster({}, { signal: controller.signal });
      await started.promise;
      controller.abort();
      await assert.rejects(call);
      await stopped.promise;
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(failures, []);
    });

    it("that fails in an unforeseen way is reported and answered without the reason", async () => {
      const error = new TypeError("undefined is not a secret");
      getCluster = async () => Promise.reject(error);
      await assert.rejects(client().getCluster({}), (thrown: unknown) => {
        assert.ok(thrown instanceof ConnectError && thrown.code === Code.Internal);
        assert.ok(!thrown.message.includes("secret"));
        return true;
      });
      assert.deepEqual(
        failures.map((failure) => [failure.what, failure.error]),
        [["GetCluster", error]],
      );
    });
  });
}

describe("the server's side of a call", () => {
  it("ends at the deadline that the caller sent, whatever the handler does", async () => {
    getCluster = () => new Promise(() => {});
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": "50m",
    });
    stream.end(Buffer.alloc(5));
    stream.resume();
    const [fields] = await Promise.race([once(stream, "trailers"), once(stream, "response")]);
    const status = fields["grpc-status"] ?? (await once(stream, "trailers"))[0]["grpc-status"];
    assert.equal(status, "4");
    session.destroy();
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": "50" },
      body: "{}",
    });
    assert.deepEqual(
      [response.status, ((await response.json()) as { code: string }).code],
      [504, "deadline_exceeded"],
    );
  });

  it("does not wait for a message that does not come", async () => {
    getCluster = async () => ({ slug: "never" });
    const startedAtMs = performance.now();
    const socket = net.connect(port, "127.0.0.1");
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{`,
    );
    await once(socket.resume(), "close");
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" });
    stream.on("error", () => {});
    stream.write(Buffer.alloc(3));
    await once(stream, "close");
    const ms = performance.now() - startedAtMs;
    assert.ok(ms >= 290 && ms < 3_000, `${ms} ms`);
    assert.deepEqual(failures, []);
    session.destroy();
  });

  it("does not take its time for the message as a limit for the answer", async () => {
    getCluster = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { slug: "late" };
    };
    const client = createClient(WorkflowsService, transports["HTTP/1.1"]());
    assert.equal((await client.getCluster({})).slug, "late");
  });

  it("asks a client that waits for the message", async () => {
    getCluster = async () => ({ slug: "asked" });
    const request = http.request({
      port,
      path,
      method: "POST",
      headers: { "content-type": "application/json", "content-length": 2, expect: "100-continue" },
    });
    request.flushHeaders();
    await once(request, "continue");
    request.end("{}");
    const [response] = await once(request, "response");
    assert.equal((await response.setEncoding("utf8").toArray()).join(""), '{"slug":"asked"}');
  });
});
