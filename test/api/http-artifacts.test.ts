import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type http from "node:http";
import { describe, it } from "node:test";
import { createApiClient } from "../../src/api/client.ts";
import { ReleaseError } from "../../src/errors.ts";
import { packOneFile } from "../support/archives.ts";
import { startControlPlane } from "../support/control-plane.ts";
import { errorOf } from "../support/errors.ts";
import { serveForeign } from "../support/foreign-server.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const digest = "a".repeat(64);
const id = "0192f0c1-2d3e-7f4a-8b5c-6d7e8f901234";

const connect = (url: string) =>
  createApiClient({
    url,
    apiKey: "k",
    env: {},
    retryPolicy: { attempts: 1, firstDelayMs: 0, delayFactor: 1, maxDelayMs: 0, totalMs: 0 },
  });

function describing(sizeBytes: number, more: Record<string, string> = {}): http.OutgoingHttpHeaders {
  return {
    "artifact-id": id,
    "artifact-size": String(sizeBytes),
    "artifact-sha256": "b".repeat(64),
    ...more,
  };
}

const download = async (url: string, maxSizeBytes = 1_000_000) => {
  using api = await connect(url);
  const { archive } = await api.downloadArtifact(digest, maxSizeBytes);
  return Buffer.concat(await archive.toArray());
};

describe("a download", () => {
  it("has exactly the size that was announced", async () => {
    const bytes = randomBytes(200_000);
    await using server = await serveForeign((_request, response) => {
      response.writeHead(200, describing(bytes.length)).end(bytes);
    });
    assert.deepEqual(await download(server.url), bytes);
  });

  it("fails when the server sends less or more", async () => {
    for (const sizeBytes of [99, 101]) {
      await using server = await serveForeign((_request, response) => {
        response.writeHead(200, describing(100)).end(Buffer.alloc(sizeBytes));
      });
      await assert.rejects(download(server.url), errorOf("api-failed", /should have 100 bytes/));
    }
  });

  it("fails as an error of the table when the connection breaks", async () => {
    await using server = await serveForeign((_request, response) => {
      response.writeHead(200, describing(100_000, { "content-length": "100000" }));
      response.write(Buffer.alloc(50_000), () => response.destroy());
    });
    await assert.rejects(download(server.url), errorOf("api-unreachable"));
  });

  it("is not begun when it would be too large", async () => {
    let sentBytes = 0;
    await using server = await serveForeign((_request, response) => {
      response.writeHead(200, describing(2_000_000_000));
      const send = () => {
        while (!response.destroyed && sentBytes < 1e9 && response.write(Buffer.alloc(100_000)))
          sentBytes += 100_000;
      };
      response.on("drain", send);
      send();
    });
    await assert.rejects(download(server.url), errorOf("artifact-too-large"));
    assert.ok(sentBytes < 50_000_000);
  });

  it("stops when it is no longer wanted", async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await serveForeign((_request, response) => {
      response.on("close", () => closed.resolve());
      response.writeHead(200, describing(1_000_000)).write(Buffer.alloc(500_000));
    });
    using api = await connect(server.url);
    const { archive } = await api.downloadArtifact(digest, 1_000_000);
    for await (const _chunk of archive) break;
    await closed.promise;
  });

  it("of a server that does not describe it is refused", async () => {
    for (const headers of [
      {},
      describing(1, { "artifact-id": "1" }),
      describing(1, { "artifact-size": "-1" }),
      describing(1, { "artifact-sha256": "x" }),
    ]) {
      await using server = await serveForeign((_request, response) => {
        response.writeHead(200, headers).end("x");
      });
      await assert.rejects(download(server.url), errorOf("api-unsupported"));
    }
  });
});

describe("an upload", () => {
  it("sends the file with its size, after asking whether it is there", async () => {
    await using folder = await createScratchFolder();
    const local = await packOneFile(folder, randomBytes(100_000));
    const received: { type: string | undefined; length: string | undefined; bytes: Buffer }[] = [];
    await using server = await serveForeign(async (request, response) => {
      if (request.method === "HEAD") {
        return void response.writeHead(404, { "content-type": "application/json" }).end();
      }
      const { "content-type": type, "content-length": length } = request.headers;
      received.push({ type, length, bytes: Buffer.concat(await request.toArray()) });
      response.writeHead(201, describing(local.sizeBytes)).end("{}");
    });
    using api = await connect(server.url);
    const { artifactId, uploaded } = await api.uploadArtifact(local);
    assert.deepEqual([Buffer.from(artifactId).toString("hex"), uploaded], [id.replaceAll("-", ""), true]);
    const length = String(local.sizeBytes);
    assert.deepEqual(received, [{ type: "application/zstd", length, bytes: local.bytes }]);
    const path = `/artifacts/${local.digest}`;
    assert.deepEqual(server.requests, [`HEAD ${path}`, `PUT ${path}`]);
  });

  it("learns why it was refused although it was not read", async () => {
    await using folder = await createScratchFolder();
    const local = await packOneFile(folder, randomBytes(20_000_000));
    await using server = await serveForeign((request, response) => {
      response.writeHead(request.method === "HEAD" ? 404 : 403, { "content-type": "application/json" });
      response.end(request.method === "HEAD" ? "" : '{"code":"permission_denied","message":"not you"}');
      request.resume();
    });
    using api = await connect(server.url);
    await assert.rejects(api.uploadArtifact(local), errorOf("permission-denied", /not you/));
  });

  it("fails when the server goes away in the middle", async () => {
    await using folder = await createScratchFolder();
    const local = await packOneFile(folder, randomBytes(5_000_000));
    await using server = await serveForeign((request, response) => {
      if (request.method === "HEAD") {
        response.writeHead(404, { "content-type": "application/json" }).end();
      } else request.once("data", () => request.destroy());
    });
    using api = await connect(server.url);
    await assert.rejects(api.uploadArtifact(local), errorOf("api-unreachable"));
  });

  it("of a file that is gone fails", async () => {
    await using folder = await createScratchFolder();
    await using server = await serveForeign((_request, response) => {
      response.writeHead(404, { "content-type": "application/json" }).end();
    });
    using api = await connect(server.url);
    const local = { digest, archivePath: `${folder.path}/gone`, sizeBytes: 10 };
    await assert.rejects(
      api.uploadArtifact(local),
      (error: unknown) => error instanceof ReleaseError && error.code === "internal",
    );
  });
});

describe("the artifact endpoint", () => {
  const hasEndpoint = async (url: string) => {
    using api = await connect(url);
    return await api.hasArtifactEndpoint();
  };

  it("is known by what our own control plane says of an artifact that nobody can have", async () => {
    await using plane = await startControlPlane("none");
    assert.equal(await hasEndpoint(plane.url), true);
  });

  it("is not there where another server answers, whatever it answers", async () => {
    for (const [status, type, body] of [
      [404, "text/plain", "404 page not found"],
      [404, "application/json", '{"code":"not_found","message":"no such artifact"}'],
      [405, "application/json", '{"code":"unimplemented"}'],
      [501, "application/grpc", ""],
      [403, "text/html", "<html>"],
      [401, "application/json", '{"message":"Unauthorized"}'],
      [200, "text/html", "<html>"],
    ] as const) {
      await using server = await serveForeign((_request, response) => {
        response.writeHead(status, { "content-type": type }).end(body);
      });
      assert.equal(await hasEndpoint(server.url), false, `${status} ${type}`);
    }
  });

  it("is not decided while the server fails, redirects or refuses our key", async () => {
    for (const [status, headers, code] of [
      [503, {}, "api-unreachable"],
      [429, {}, "api-limit"],
      [302, { location: "https://example.com" }, "api-unsupported"],
    ] as const) {
      await using server = await serveForeign((_request, response) => {
        response.writeHead(status, headers).end();
      });
      await assert.rejects(hasEndpoint(server.url), errorOf(code), String(status));
    }
    await using plane = await startControlPlane("keys");
    await assert.rejects(hasEndpoint(plane.url), errorOf("unauthenticated"));
  });
});
