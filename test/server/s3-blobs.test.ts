import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { ListMultipartUploadsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { BlobStore } from "../../src/server/blobs.ts";
import { openS3Blobs } from "../../src/server/s3-blobs.ts";
import { parseS3Location, type S3Location } from "../../src/server/s3-location.ts";
import { errorOf } from "../support/errors.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";

const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const bytes = Buffer.from("some bytes");
/** More than two parts. */
const manyBytes = Buffer.alloc(40 * 1024 * 1024, "0123456789abcdef!");

async function keep(blobs: BlobStore, content: Buffer): Promise<string> {
  const blob = await blobs.begin();
  await blob.write(content.subarray(0, 4));
  await blob.write(content.subarray(4));
  await blob.keep(sha256Of(content));
  await blob.discard();
  return sha256Of(content);
}

async function read(blobs: BlobStore, sha256: string): Promise<Buffer> {
  return Buffer.concat(await (await blobs.read(sha256)).toArray());
}

describe("blobs in a bucket", () => {
  let server: S3Server;
  let location: S3Location;
  const environment = { ...process.env };
  before(async () => {
    server = await startS3Server();
    Object.assign(process.env, server.env);
    location = parseS3Location(server.location) ?? assert.fail();
  });
  after(async () => {
    for (const name of Object.keys(server.env)) {
      if (environment[name] === undefined) delete process.env[name];
      else process.env[name] = environment[name];
    }
    await server[Symbol.asyncDispose]();
  });

  it("are found by their sha256 once they are kept, by every control plane", async () => {
    await using blobs = await openS3Blobs(location);
    await using others = await openS3Blobs(location);
    assert.equal(await blobs.has(sha256Of(bytes)), false);
    const [sha256] = await Promise.all([keep(blobs, bytes), keep(others, bytes), keep(others, bytes)]);
    assert.equal(await others.has(sha256), true);
    assert.deepEqual(await read(others, sha256), bytes);
    await blobs.remove(sha256);
    await blobs.remove(sha256);
    assert.equal(await others.has(sha256), false);
    await assert.rejects(blobs.read(sha256), errorOf("store-failed", /reading an artifact/));
  });

  it("of many bytes go up in parts, none of which stays behind", async () => {
    await using blobs = await openS3Blobs(location);
    const [sha256] = await Promise.all([keep(blobs, manyBytes), keep(blobs, manyBytes)]);
    assert.equal(sha256Of(await read(blobs, sha256)), sha256);
    const { Uploads = [] } = await server.client.send(
      new ListMultipartUploadsCommand({ Bucket: server.bucket }),
    );
    assert.deepEqual(Uploads, []);
  });

  it("that nobody begins to read keep no connection", { timeout: 30_000 }, async () => {
    await using blobs = await openS3Blobs(location);
    const sha256 = await keep(blobs, Buffer.alloc(1024 * 1024, "unread"));
    // More than the client has connections.
    for (let index = 0; index < 60; index++) (await blobs.read(sha256)).destroy();
    assert.equal((await read(blobs, sha256)).length, 1024 * 1024);
  });

  it("leave nothing when they are discarded", async () => {
    await using blobs = await openS3Blobs(location);
    const blob = await blobs.begin();
    await blob.write(bytes);
    await blob.discard();
    await blob.discard();
    assert.equal(await blobs.has(sha256Of(bytes)), false);
  });

  it("that are kept under a name which is not their sha256 are refused, and change nothing", async () => {
    await using blobs = await openS3Blobs(location);
    const blob = await blobs.begin();
    await blob.write(bytes);
    const wrong = sha256Of(Buffer.from("others"));
    await assert.rejects(blob.keep(wrong), errorOf("store-failed", /keeping an artifact/));
    assert.equal(await blobs.has(wrong), false);
  });

  it("that were changed in the bucket are not passed on as they are", async () => {
    await using blobs = await openS3Blobs(location);
    const sha256 = await keep(blobs, Buffer.from("original"));
    const Key = `releases/${sha256.slice(0, 2)}/${sha256}`;
    await server.client.send(new PutObjectCommand({ Bucket: server.bucket, Key, Body: "changed!" }));
    await assert.rejects(read(blobs, sha256), errorOf("store-failed", /other bytes/));
  });

  it("need a bucket that is there and lets this user in", async () => {
    await assert.rejects(
      openS3Blobs({ ...location, bucket: "missing" }),
      errorOf("bucket-invalid", /missing/),
    );
    const nowhere = { ...location, endpoint: "http://127.0.0.1:9" };
    await assert.rejects(openS3Blobs(nowhere), errorOf("store-failed", /ECONNREFUSED/));
  });
});

describe("a place for artifacts", () => {
  it("is a bucket with a prefix, and where to find it", () => {
    assert.deepEqual(parseS3Location("s3://bucket/a/b/?endpoint=http://localhost:9000&region=eu"), {
      bucket: "bucket",
      prefix: "a/b/",
      endpoint: "http://localhost:9000",
      region: "eu",
    });
    assert.deepEqual(parseS3Location("s3://bucket"), {
      bucket: "bucket",
      prefix: "",
      endpoint: undefined,
      region: undefined,
    });
    for (const text of [
      "",
      "bucket",
      "https://bucket/a",
      "s3:///a",
      "s3://key:secret@bucket",
      "s3://b?acl=x",
      "s3://b/%zz",
      "s3://b?endpoint=localhost",
      "s3://b?endpoint=ftp://localhost",
    ]) {
      assert.equal(parseS3Location(text), undefined, text);
    }
  });
});
