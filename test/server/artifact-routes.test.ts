import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { constants as zlib, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { packOneFile, type TestArchive } from "../support/archives.ts";
import { startControlPlane, type TestControlPlane } from "../support/control-plane.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

let server: TestControlPlane;
let folder: ScratchFolder;
let headers: { authorization: string };

before(async () => {
  server = await startControlPlane();
  folder = await createScratchFolder();
  headers = { authorization: `Bearer ${await server.createKey("admin")}` };
});

after(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
  assert.deepEqual(server.failures, []);
});

const urlOf = (digest: string) => `${server.url}/artifacts/${digest}`;
const newArchive = () => packOneFile(folder, randomBytes(10_000).toString("base64"));
const put = (digest: string, body: Buffer<ArrayBuffer>, more: Record<string, string> = {}) =>
  fetch(urlOf(digest), { method: "PUT", headers: { ...headers, ...more }, body });
const head = (digest: string) => fetch(urlOf(digest), { method: "HEAD", headers });

/** What is being received now, and what is kept. */
async function filesOnDisk(): Promise<{ incoming: number; kept: string[] }> {
  const root = join(server.dataFolder, "artifacts");
  const names = await readdir(root, { recursive: true });
  const kept = names.map((name) => name.split(/[/\\]/).at(-1) ?? "").filter((name) => name.length === 64);
  return { incoming: (await readdir(join(root, "incoming"))).length, kept: kept.sort() };
}

async function assertNotKept(digest: string, before: { kept: string[] }): Promise<void> {
  assert.equal((await head(digest)).status, 404);
  // The end of a request is seen a moment later than its connection's.
  for (let turns = 0; (await filesOnDisk()).incoming > 0 && turns < 200; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(await filesOnDisk(), { incoming: 0, kept: before.kept });
}

describe("an artifact", () => {
  it("is kept once, described, and given back as it came", async () => {
    const archive = await newArchive();
    const first = await put(archive.digest, archive.bytes);
    assert.equal(first.status, 201);
    const described = (await first.json()) as { id: string };
    assert.deepEqual(described, {
      id: described.id,
      digest: archive.digest,
      archiveSha256: archive.sha256,
      archiveSizeBytes: archive.sizeBytes,
    });
    const again = await put(archive.digest, archive.bytes);
    assert.deepEqual([again.status, await again.json()], [200, described]);
    const found = await head(archive.digest);
    for (const answer of [first, again, found]) {
      assert.equal(answer.headers.get("artifact-id"), described.id);
      assert.equal(answer.headers.get("artifact-sha256"), archive.sha256);
      assert.equal(answer.headers.get("artifact-size"), String(archive.sizeBytes));
      assert.equal(answer.headers.get("etag"), `"${archive.sha256}"`);
    }
    assert.equal(found.headers.get("content-length"), String(archive.sizeBytes));
    const got = await fetch(urlOf(archive.digest), { headers });
    assert.equal(got.headers.get("content-type"), "application/zstd");
    assert.deepEqual(Buffer.from(await got.arrayBuffer()), archive.bytes);
    assert.deepEqual((await filesOnDisk()).kept.includes(archive.sha256), true);
  });

  it("is not sent again to who has it", async () => {
    const archive = await newArchive();
    await put(archive.digest, archive.bytes);
    const answer = await fetch(urlOf(archive.digest), {
      headers: { ...headers, "if-none-match": `"${archive.sha256}"` },
    });
    assert.deepEqual([answer.status, (await answer.arrayBuffer()).byteLength], [304, 0]);
  });

  it("travels over HTTP/2 too", async () => {
    const archive = await newArchive();
    const session = http2.connect(server.url);
    const path = `/artifacts/${archive.digest}`;
    const upload = session.request({ ":method": "PUT", ":path": path, ...headers });
    upload.end(archive.bytes);
    const [fields] = await once(upload, "response");
    assert.equal(fields[":status"], 201);
    const download = session.request({ ":path": path, ...headers });
    assert.deepEqual(Buffer.concat(await download.toArray()), archive.bytes);
    session.destroy();
  });

  it("is one when two uploads of it race, whatever each was compressed to", async () => {
    const archive = await newArchive();
    const tar = zstdDecompressSync(archive.bytes);
    const variants = [1, 3, 6, 9].map((level) =>
      zstdCompressSync(tar, { params: { [zlib.ZSTD_c_compressionLevel]: level } }),
    );
    assert.ok(new Set(variants.map((bytes) => bytes.toString("base64"))).size > 1);
    const before = await filesOnDisk();
    const answers = await Promise.all(variants.map((bytes) => put(archive.digest, bytes)));
    const ids = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { id: string }).id),
    );
    assert.equal(new Set(ids).size, 1);
    const kept = (await head(archive.digest)).headers.get("artifact-sha256") ?? "";
    const now = await filesOnDisk();
    assert.deepEqual(now, { incoming: 0, kept: [...before.kept, kept].sort() });
    const got = Buffer.from(await (await fetch(urlOf(archive.digest), { headers })).arrayBuffer());
    assert.ok(variants.some((bytes) => bytes.equals(got)));
  });
});

describe("what is not kept", () => {
  const refused = async (digest: string, body: Buffer<ArrayBuffer>, status: number) => {
    const before = await filesOnDisk();
    const answer = await put(digest, body);
    assert.equal(answer.status, status, await answer.text());
    await assertNotKept(digest, before);
  };

  it("is an archive of another digest", async () => {
    const [one, other] = await Promise.all([newArchive(), newArchive()]);
    await refused(one.digest, other.bytes, 400);
  });

  it("is an archive that is cut, changed, followed by something, or none at all", async () => {
    const { digest, bytes } = await newArchive();
    await refused(digest, bytes.subarray(0, bytes.length - 1), 400);
    await refused(digest, bytes.subarray(0, 100), 400);
    await refused(digest, Buffer.alloc(0), 400);
    await refused(digest, Buffer.from("hello"), 400);
    await refused(digest, Buffer.concat([bytes, Buffer.from("more")]), 400);
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    await refused(digest, changed, 400);
  });

  it("is anything under a name that is no digest", async () => {
    const archive = await newArchive();
    for (const name of ["x", archive.digest.toUpperCase(), `${archive.digest}0`, "..%2f..%2fetc"]) {
      assert.equal((await put(name, archive.bytes)).status, 400, name);
    }
    assert.equal((await put(`${archive.digest}/x`, archive.bytes)).status, 404);
  });

  it("is an encoded body", async () => {
    const archive = await newArchive();
    assert.equal((await put(archive.digest, archive.bytes, { "content-encoding": "gzip" })).status, 400);
  });

  it("is an upload that says it is too large, without reading it", async () => {
    const { digest } = await newArchive();
    const answer = await server.send([
      `PUT /artifacts/${digest} HTTP/1.1\r\nhost: x\r\nauthorization: ${headers.authorization}\r\n`,
      "connection: close\r\ncontent-length: 99999999999\r\nexpect: 100-continue\r\n\r\n",
    ]);
    assert.match(answer, /^HTTP\/1\.1 413 /);
  });

  it("is an upload that was broken off", async () => {
    const archive = await packOneFile(folder, randomBytes(300_000));
    const before = await filesOnDisk();
    const socket = net.connect(server.port, "127.0.0.1");
    socket.write(
      `PUT /artifacts/${archive.digest} HTTP/1.1\r\nhost: x\r\nauthorization: ${headers.authorization}\r\n` +
        `content-length: ${archive.sizeBytes}\r\n\r\n`,
    );
    socket.write(archive.bytes.subarray(0, 200_000));
    while ((await filesOnDisk()).incoming === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    await assertNotKept(archive.digest, before);
    const session = http2.connect(server.url);
    const path = `/artifacts/${archive.digest}`;
    const stream = session.request({ ":method": "PUT", ":path": path, ...headers });
    stream.on("error", () => {});
    stream.write(archive.bytes.subarray(0, 200_000));
    while ((await filesOnDisk()).incoming === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await assertNotKept(archive.digest, before);
    session.destroy();
  });
});

describe("a client that waits before it sends", () => {
  async function putWaiting(
    archive: TestArchive,
  ): Promise<{ continued: boolean; status: number | undefined }> {
    const request = http.request(urlOf(archive.digest), {
      method: "PUT",
      headers: { ...headers, expect: "100-continue", "content-length": archive.sizeBytes },
    });
    let continued = false;
    request.on("continue", () => {
      continued = true;
      request.end(archive.bytes);
    });
    request.flushHeaders();
    const [response] = await once(request, "response");
    response.resume();
    if (!continued) request.destroy();
    return { continued, status: response.statusCode };
  }

  it("is asked for the body only when it is wanted", async () => {
    const archive = await newArchive();
    assert.deepEqual(await putWaiting(archive), { continued: true, status: 201 });
    assert.deepEqual(await putWaiting(archive), { continued: false, status: 200 });
  });
});

describe("an answer that comes before the body was read", () => {
  it("is delivered although the client goes on sending", async () => {
    const { digest } = await newArchive();
    const request = http.request(urlOf(digest), {
      method: "PUT",
      headers: { "content-length": 50_000_000 },
    });
    request.on("error", () => {});
    request.write(Buffer.alloc(1_000_000));
    const [response] = await once(request, "response");
    assert.equal(response.statusCode, 401);
    assert.match((await response.setEncoding("utf8").toArray()).join(""), /"code":"unauthenticated"/);
    request.destroy();
  });
});
