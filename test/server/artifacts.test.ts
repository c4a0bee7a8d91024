import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { constants as zlib, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { verifyArchive } from "../../src/artifact/verify.ts";
import { UserError } from "../../src/errors.ts";
import { type ArtifactRoom, createArtifactRoom } from "../../src/server/artifacts.ts";
import { type BlobStore, openFileBlobs } from "../../src/server/blobs.ts";
import { createServerFigures } from "../../src/server/figures.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { packOneFile } from "../support/archives.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";

interface TestRoom extends AsyncDisposable {
  readonly room: ArtifactRoom;
  readonly blobs: BlobStore;
  readonly folder: ScratchFolder;
}

async function openRoom(limits = { maxArchiveSizeBytes: 1_000_000, maxUploads: 2 }): Promise<TestRoom> {
  const folder = await createScratchFolder();
  const dataFolder = join(folder.path, "data");
  const store = await openSqliteStore({ dataFolder, clock: Date.now, random: randomBytes, role: "server" });
  const blobs = await openFileBlobs(join(folder.path, "blobs"));
  return {
    room: createArtifactRoom({
      store: store.artifacts,
      blobs,
      verify: verifyArchive,
      limits,
      figures: createServerFigures().artifacts,
    }),
    blobs,
    folder,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function* chunksOf(bytes: Uint8Array, sizeBytes = 1_000): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += sizeBytes) {
    yield bytes.subarray(offset, offset + sizeBytes);
  }
}

describe("the artifact room", () => {
  it("keeps what it verified, and only then", async () => {
    await using test = await openRoom();
    const archive = await packOneFile(test.folder, randomBytes(20_000));
    const artifact = await test.room.receive(archive.digest, chunksOf(archive.bytes));
    assert.deepEqual(
      [artifact.digest, artifact.archiveSha256, artifact.archiveSizeBytes, artifact.fileCount],
      [archive.digest, archive.sha256, archive.sizeBytes, 1],
    );
    assert.equal(artifact.tarSizeBytes, zstdDecompressSync(archive.bytes).length);
    const opened = await test.room.open(archive.digest);
    assert.deepEqual(opened.artifact, artifact);
    assert.deepEqual(Buffer.concat(await opened.archive.toArray()), archive.bytes);
  });

  it("passes on what broke the reading, not what the verification made of it", async () => {
    await using test = await openRoom();
    const archive = await packOneFile(test.folder, randomBytes(20_000));
    const broken = new Error("the connection is gone");
    async function* breaking() {
      yield archive.bytes.subarray(0, 5_000);
      throw broken;
    }
    await assert.rejects(test.room.receive(archive.digest, breaking()), (error) => error === broken);
    assert.deepEqual(await readdir(join(test.folder.path, "blobs"), { recursive: true }), ["incoming"]);
  });

  it("stops reading an archive that is too large", async () => {
    await using test = await openRoom({ maxArchiveSizeBytes: 10_000, maxUploads: 1 });
    const archive = await packOneFile(test.folder, randomBytes(40_000));
    let readBytes = 0;
    async function* counted() {
      for await (const chunk of chunksOf(archive.bytes)) {
        readBytes += chunk.length;
        yield chunk;
      }
    }
    await assert.rejects(test.room.receive(archive.digest, counted()), errorOf("artifact-too-large"));
    assert.ok(readBytes <= 11_000, `${readBytes} bytes were read`);
  });

  it("takes only so many uploads at once, and others again when they have ended", async () => {
    await using test = await openRoom();
    const archive = await packOneFile(test.folder, "print()");
    const gate = Promise.withResolvers<void>();
    async function* held() {
      await gate.promise;
      yield* chunksOf(archive.bytes);
    }
    const uploads = [1, 2].map(() => test.room.receive(archive.digest, held()));
    await assert.rejects(
      test.room.receive(archive.digest, chunksOf(archive.bytes)),
      errorOf("api-limit", /2 uploads are under way/),
    );
    gate.resolve();
    await Promise.all(uploads);
    await test.room.receive(archive.digest, chunksOf(archive.bytes));
  });

  it("mends a record whose file is gone with the same file, and says when it is another one", async () => {
    await using test = await openRoom();
    const archive = await packOneFile(test.folder, randomBytes(5_000).toString("base64"));
    const first = await test.room.receive(archive.digest, chunksOf(archive.bytes));
    await rm(join(test.folder.path, "blobs", archive.sha256.slice(0, 2)), { recursive: true });
    assert.equal(await test.room.find(archive.digest), undefined);
    await assert.rejects(test.room.open(archive.digest), errorOf("artifact-not-found"));
    const params = { [zlib.ZSTD_c_compressionLevel]: 1 };
    const other = zstdCompressSync(zstdDecompressSync(archive.bytes), { params });
    await assert.rejects(
      test.room.receive(archive.digest, chunksOf(other)),
      errorOf("store-failed", /is missing, and this archive is not that file/),
    );
    assert.deepEqual(await test.room.receive(archive.digest, chunksOf(archive.bytes)), first);
    assert.deepEqual(await test.room.find(archive.digest), first);
  });

  it("takes no name that is no digest", async () => {
    await using test = await openRoom();
    for (const name of ["", "../../etc/passwd", "A".repeat(64)]) {
      for (const call of [
        test.room.find(name),
        test.room.open(name),
        test.room.receive(name, chunksOf(Buffer.alloc(0))),
      ]) {
        await assert.rejects(call, UserError);
      }
    }
  });
});
