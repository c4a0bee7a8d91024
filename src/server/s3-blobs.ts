import { createHash } from "node:crypto";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { ReleaseError, SystemError, UserError } from "../errors.ts";
import type { BlobStore, IncomingBlob } from "./blobs.ts";
import type { S3Location } from "./s3-location.ts";

/** S3 takes up to 5 GiB in one request; parts are smaller so that one that fails costs little. */
const partSizeBytes = 16 * 1024 * 1024;
const connectTimeoutMs = 5_000;
/** Without a byte. */
const idleTimeoutMs = 60_000;

/**
 * Blobs as objects of a bucket that several control planes share. What is being received lies in a temporary
 * file of this machine, because its name is known when it is complete. An object is written once: by
 * If-None-Match, and with the checksum that it is named by, which the service verifies; reading verifies it again.
 * Throws store-failed; bucket-invalid for one that is not there or does not open.
 */
export async function openS3Blobs(location: S3Location): Promise<BlobStore & AsyncDisposable> {
  const { bucket, prefix, endpoint, region } = location;
  const client = new S3Client({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    maxAttempts: 4,
    // Ours is the sha256 that the object is named by; another one would only cost time.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: connectTimeoutMs, socketTimeout: idleTimeoutMs },
  });
  const where = `s3://${bucket}/${prefix}`;
  const bucketOf = (sha256: string) => ({ Bucket: bucket, Key: `${prefix}${sha256.slice(0, 2)}/${sha256}` });
  await failing(where, "looking for the bucket", () => requireBucket(client, bucket));
  const incoming = await mkdtemp(join(tmpdir(), "workflow-release-incoming-"));
  const has = (sha256: string) =>
    failing(where, "looking for an artifact", async () => {
      try {
        await client.send(new HeadObjectCommand(bucketOf(sha256)));
        return true;
      } catch (error) {
        if (statusOf(error) === 404) return false;
        throw error;
      }
    });
  const keep = (path: string, sha256: string) =>
    failing(where, "keeping an artifact", async () => {
      if (await has(sha256)) return;
      await using file = await open(path, "r");
      const { size } = await file.stat();
      try {
        if (size <= partSizeBytes) await putWhole(client, bucketOf(sha256), file, size, sha256);
        else await putInParts(client, bucketOf(sha256), file, size);
      } catch (error) {
        // Somebody else has kept the same bytes meanwhile, or does so just now.
        const status = statusOf(error);
        if (status !== 412 && !(status === 409 && (await has(sha256)))) throw error;
      }
    });
  return {
    begin: () => failing(where, "receiving an artifact", () => beginFile(incoming, keep)),
    has,
    read: (sha256) =>
      failing(where, "reading an artifact", async () => {
        const { Body } = await client.send(new GetObjectCommand(bucketOf(sha256)));
        if (!(Body instanceof Readable)) throw new Error("the answer has no body");
        const blob = Readable.from(verified(Body, sha256, where), { objectMode: false });
        // One that nobody begins to read would keep the connection.
        return blob.once("close", () => Body.destroy());
      }),
    remove: (sha256) =>
      failing(where, "removing an artifact", async () => {
        await client.send(new DeleteObjectCommand(bucketOf(sha256)));
      }),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await rm(incoming, { recursive: true, force: true });
    },
  };
}

interface ObjectName {
  readonly Bucket: string;
  readonly Key: string;
}

/** The answer to HEAD has no body that would say more than its status. */
async function requireBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (cause) {
    const status = statusOf(cause);
    if (status === 404) throw new UserError("bucket-invalid", `There is no bucket ${bucket}`, { cause });
    if (status === 401 || status === 403)
      throw new UserError("bucket-invalid", `The credentials do not open the bucket ${bucket}`, { cause });
    throw cause;
  }
}

/** In one request, from memory: the client can send that again when it fails, a stream it cannot. */
async function putWhole(
  client: S3Client,
  name: ObjectName,
  file: FileHandle,
  sizeBytes: number,
  sha256: string,
) {
  const Body = await readPart(file, 0, sizeBytes);
  const ChecksumSHA256 = Buffer.from(sha256, "hex").toString("base64");
  await client.send(new PutObjectCommand({ ...name, Body, ChecksumSHA256, IfNoneMatch: "*" }));
}

async function putInParts(client: S3Client, name: ObjectName, file: FileHandle, sizeBytes: number) {
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ ...name, ChecksumAlgorithm: "SHA256" }),
  );
  try {
    const Parts: CompletedPart[] = [];
    for (let start = 0; start < sizeBytes; start += partSizeBytes) {
      const Body = await readPart(file, start, Math.min(partSizeBytes, sizeBytes - start));
      const ChecksumSHA256 = createHash("sha256").update(Body).digest("base64");
      const part = { PartNumber: Parts.length + 1, ChecksumSHA256 };
      const { ETag } = await client.send(new UploadPartCommand({ ...name, ...part, UploadId, Body }));
      Parts.push({ ...part, ETag });
    }
    await client.send(
      new CompleteMultipartUploadCommand({ ...name, UploadId, MultipartUpload: { Parts }, IfNoneMatch: "*" }),
    );
  } catch (error) {
    // Parts of an upload that is neither completed nor aborted are paid for as long as the bucket stands.
    await client.send(new AbortMultipartUploadCommand({ ...name, UploadId })).catch(() => {});
    throw error;
  }
}

async function readPart(file: FileHandle, start: number, sizeBytes: number): Promise<Buffer> {
  const part = Buffer.alloc(sizeBytes);
  for (let offset = 0; offset < sizeBytes; ) {
    const { bytesRead } = await file.read(part, offset, sizeBytes - offset, start + offset);
    if (bytesRead === 0) throw new Error("the file became shorter");
    offset += bytesRead;
  }
  return part;
}

async function beginFile(
  folder: string,
  keep: (path: string, sha256: string) => Promise<void>,
): Promise<IncomingBlob> {
  const path = join(folder, crypto.randomUUID());
  const file = await open(path, "wx", 0o600);
  let ended = false;
  const end = async () => {
    ended = true;
    await file.close();
  };
  return {
    async write(chunk) {
      await failing(folder, "receiving an artifact", () => file.writeFile(chunk));
    },
    async keep(sha256) {
      await end();
      try {
        await keep(path, sha256);
      } finally {
        await rm(path, { force: true });
      }
    },
    async discard() {
      if (ended) return;
      await end();
      await rm(path, { force: true });
    },
  };
}

/** Breaks off at the end where the bytes are not those that the object is named by. */
async function* verified(body: Readable, sha256: string, where: string): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (cause) {
    throw new SystemError("store-failed", `${where} broke off in reading an artifact`, { cause });
  }
  if (hash.digest("hex") === sha256) return;
  throw new SystemError("store-failed", `${where} has other bytes than the artifact ${sha256}`);
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

async function failing<T>(where: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ReleaseError) throw cause;
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new SystemError("store-failed", `${where} failed in ${what}: ${why}`, { cause });
  }
}
