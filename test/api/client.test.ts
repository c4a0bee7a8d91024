import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ApiClientOptions, createApiClient } from "../../src/api/client.ts";
import { defaultRetryPolicy } from "../../src/api/retry.ts";
import { ReleaseError } from "../../src/errors.ts";
import { errorOf } from "../support/errors.ts";
import { freePort, serveBytes, serveForeign } from "../support/foreign-server.ts";

const key = "wfr_secret-of-this-test";

/** Does not wait between attempts. */
function connect(url: string, more: Partial<ApiClientOptions> = {}) {
  return createApiClient({
    url,
    apiKey: key,
    env: {},
    retryPolicy: { ...defaultRetryPolicy, attempts: 3 },
    retryDeps: { clock: () => 0, random: () => 0, wait: async () => {} },
    ...more,
  });
}

function json(status: number, body: unknown, headers: Record<string, string> = {}) {
  return serveForeign((_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
}

describe("createApiClient", () => {
  it("refuses a key that cannot be a header, without repeating it", async () => {
    await assert.rejects(
      () => connect("http://127.0.0.1:1", { apiKey: "hunter\n2" }),
      (error: unknown) => errorOf("unauthenticated")(error) && !String(error).includes("hunter"),
    );
  });

  it("sends the key trimmed, to the host it was made for", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await serveForeign((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(200, { "content-type": "application/proto" }).end();
    });
    using api = await connect(server.url, { apiKey: ` ${key}\n` });
    await api.workflows.listClusters({});
    assert.deepEqual(seen, [`Bearer ${key}`]);
  });

  it("sends no header without a key", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await serveForeign((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(200, { "content-type": "application/proto" }).end();
    });
    using api = await connect(server.url, { apiKey: undefined });
    await api.workflows.listClusters({});
    assert.deepEqual(seen, [undefined]);
  });

  it("neither asks for compression nor compresses on loopback", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await serveForeign((request, response) => {
      seen.push(request.headers["accept-encoding"], request.headers["content-encoding"]);
      response.writeHead(200, { "content-type": "application/proto" }).end();
    });
    using api = await connect(server.url);
    await api.workflows.createWorkflow({ name: "x".repeat(10_000) });
    assert.deepEqual(seen, [undefined, undefined]);
  });
});

describe("a foreign server", () => {
  it("that redirects does not get the key at the other host", async () => {
    const keys: unknown[] = [];
    await using other = await serveForeign((request, response) => {
      keys.push(request.headers.authorization);
      response.end();
    });
    await using server = await serveForeign((request, response) => {
      response.writeHead(307, { location: `${other.url}${request.url}` }).end();
    });
    using api = await connect(server.url);
    await assert.rejects(api.workflows.listClusters({}), errorOf("api-unsupported", /redirect/));
    await assert.rejects(api.findArtifact("a".repeat(64)), errorOf("api-unsupported", /redirect/));
    assert.deepEqual(keys, []);
    assert.equal(server.requests.length, 2);
  });

  it("that answers with HTML is named as what it is", async () => {
    await using server = await serveForeign((_request, response) => {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<html>hello</html>");
    });
    using api = await connect(server.url);
    const expected = errorOf("api-unsupported", /is no control plane: it answers with text\/html/);
    await assert.rejects(api.workflows.listClusters({}), expected);
    await assert.rejects(api.findArtifact("a".repeat(64)), expected);
  });

  it("that has no such path does not offer the call", async () => {
    await using server = await serveForeign((_request, response) => {
      response.writeHead(404, { "content-type": "text/html" }).end("<html>not found</html>");
    });
    using api = await connect(server.url);
    await assert.rejects(
      api.workflows.getCluster({}),
      errorOf("api-unsupported", /does not offer GetCluster/),
    );
    await assert.rejects(api.findArtifact("a".repeat(64)), errorOf("api-unsupported"));
  });

  it("that answers with something else than a message is reported", async () => {
    await using server = await serveForeign((_request, response) => {
      response.writeHead(200, { "content-type": "application/proto" }).end(Buffer.from([0xff, 0xff, 0xff]));
    });
    using api = await connect(server.url);
    await assert.rejects(api.workflows.listClusters({}), errorOf("api-failed"));
  });

  it("that sends more than the largest answer is cut off", async () => {
    let sentBytes = 0;
    await using server = await serveForeign((_request, response) => {
      response.writeHead(200, { "content-type": "application/proto" });
      const send = () => {
        const chunk = Buffer.alloc(1024 * 1024);
        while (!response.destroyed && sentBytes < 1024 * 1024 * 1024 && response.write(chunk)) {
          sentBytes += chunk.length;
        }
      };
      response.on("drain", send);
      send();
    });
    using api = await connect(server.url);
    await assert.rejects(api.workflows.listClusters({}), errorOf("api-limit"));
    assert.ok(sentBytes < 400 * 1024 * 1024, `${sentBytes} bytes were taken`);
  });

  it("that does not speak HTTP is named as what it is", async () => {
    await using server = await serveBytes((socket) => socket.end("220 smtp.example.com ESMTP\r\n"));
    using api = await connect(server.url);
    await assert.rejects(api.workflows.listClusters({}), errorOf("api-unsupported", /does not speak HTTP/));
  });

  it("that speaks no TLS, or no HTTP/2, is named as what it is", async () => {
    await using server = await serveForeign((_request, response) => void response.end());
    using tls = await connect(server.url.replace("http:", "https:"));
    await assert.rejects(tls.workflows.listClusters({}), errorOf("api-unreachable", /does not speak TLS/));
    await assert.rejects(tls.findArtifact("a".repeat(64)), errorOf("api-unreachable", /does not speak TLS/));
    using grpc = await connect(server.url, { protocol: "grpc" });
    const call = grpc.workflows.listClusters({});
    await assert.rejects(call, errorOf("api-unreachable", /does not keep to HTTP\/2/));
  });

  it("that dies during a gRPC call is unreachable, which is no cancellation of ours", async () => {
    await using server = await serveBytes((socket) => socket.once("data", () => socket.destroy()));
    using grpc = await connect(server.url, { protocol: "grpc" });
    await assert.rejects(grpc.workflows.listClusters({}), errorOf("api-unreachable"));
  });

  for (const [status, rpc, code] of [
    [401, "unauthenticated", "unauthenticated"],
    [403, "permission_denied", "permission-denied"],
    [409, "already_exists", "already-exists"],
    [400, "invalid_argument", "request-invalid"],
    [400, "failed_precondition", "request-invalid"],
    [404, "not_found", "workflow-not-found"],
    [429, "resource_exhausted", "api-limit"],
    [500, "internal", "api-failed"],
    [503, "unavailable", "api-unreachable"],
    [504, "deadline_exceeded", "api-timeout"],
    [501, "unimplemented", "api-unsupported"],
  ] as const) {
    it(`that answers ${rpc} is understood as ${code}`, async () => {
      await using server = await json(status, { code: rpc, message: "because" });
      using api = await connect(server.url);
      await assert.rejects(api.workflows.getWorkflow({}), errorOf(code));
    });
  }

  it("says by its message what was not found", async () => {
    await using server = await json(404, { code: "not_found", message: "no such cluster: dev" });
    using api = await connect(server.url);
    const call = api.workflows.deployWorkflowRelease({});
    await assert.rejects(call, errorOf("cluster-not-found", /no such cluster: dev/));
  });

  it("can be stopped waiting for", async () => {
    await using server = await serveForeign(() => {});
    using api = await connect(server.url);
    for (const call of [
      (signal: AbortSignal) => api.workflows.listClusters({}, { signal }),
      (signal: AbortSignal) => api.findArtifact("a".repeat(64), signal),
    ]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 20);
      await assert.rejects(call(controller.signal), errorOf("interrupted"));
    }
  });

  it("that stays silent is given up after the time limit", async () => {
    await using server = await serveForeign(() => {});
    using api = await connect(server.url);
    const call = api.workflows.listClusters({}, { timeoutMs: 30 });
    await assert.rejects(call, errorOf("api-timeout", /did not answer ListClusters in time/));
    assert.equal(server.requests.length, 3);
  });
});

describe("what is repeated", () => {
  it("is a call that ends in the same state", async () => {
    let calls = 0;
    await using server = await serveForeign((_request, response) => {
      calls++;
      if (calls < 3) response.writeHead(503).end();
      else response.writeHead(200, { "content-type": "application/proto" }).end();
    });
    using api = await connect(server.url);
    await api.workflows.publishWorkflowRelease({});
    assert.equal(calls, 3);
  });

  it("is not a call that would happen twice, once it may have arrived", async () => {
    await using server = await serveForeign((_request, response) => void response.destroy());
    using api = await connect(server.url);
    await assert.rejects(api.workflows.createWorkflow({ name: "x" }), errorOf("api-unreachable"));
    await assert.rejects(api.jobs.submitJob({}), errorOf("api-unreachable"));
    assert.equal(server.requests.length, 2);
  });

  it("is any call that cannot have arrived, or that was refused for its rate", async () => {
    let waits = 0;
    const retryDeps = {
      clock: () => 0,
      random: () => 0,
      wait: async () => {
        waits++;
      },
    };
    using nobody = await connect(`http://127.0.0.1:${await freePort()}`, { retryDeps });
    const call = nobody.workflows.createWorkflow({ name: "x" });
    await assert.rejects(call, errorOf("api-unreachable", /nothing listens there/));
    assert.equal(waits, 2);
    await using server = await serveForeign((_request, response) => void response.writeHead(429).end());
    using limited = await connect(server.url);
    await assert.rejects(limited.workflows.createWorkflow({ name: "x" }), ReleaseError);
    assert.equal(server.requests.length, 3);
  });

  it("is not what the caller did wrong", async () => {
    await using server = await json(400, { code: "invalid_argument", message: "no" });
    using api = await connect(server.url);
    await assert.rejects(api.workflows.listClusters({}), errorOf("request-invalid"));
    assert.equal(server.requests.length, 1);
  });

  it("waits as long as Retry-After says", async () => {
    const waits: number[] = [];
    const retryDeps = {
      clock: () => 0,
      random: () => 0,
      wait: async (ms: number) => {
        waits.push(ms);
      },
    };
    await using server = await serveForeign((_request, response) => {
      response.writeHead(503, { "retry-after": "4" }).end();
    });
    using api = await connect(server.url, { retryDeps });
    await assert.rejects(api.workflows.listClusters({}), errorOf("api-unreachable"));
    await assert.rejects(api.findArtifact("a".repeat(64)), errorOf("api-unreachable"));
    assert.deepEqual(waits, [4_000, 4_000, 4_000, 4_000]);
  });
});
