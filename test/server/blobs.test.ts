import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type BlobStore, openFileBlobs } from "../../src/server/blobs.ts";
import { errorOf } from "../support/errors.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

const bytes = Buffer.from("some bytes");
const sha256 = createHash("sha256").update(bytes).digest("hex");

async function keep(blobs: BlobStore): Promise<void> {
  const blob = await blobs.begin();
  await blob.write(bytes.subarray(0, 4));
  await blob.write(bytes.subarray(4));
  await blob.keep(sha256);
  await blob.discard();
}

describe("blobs in files", () => {
  it("are found by their sha256 once they are kept, also after opening again", async () => {
    await using folder = await createScratchFolder();
    const blobs = await openFileBlobs(folder.path);
    assert.equal(await blobs.has(sha256), false);
    await keep(blobs);
    await keep(blobs);
    for (const opened of [blobs, await openFileBlobs(folder.path)]) {
      assert.equal(await opened.has(sha256), true);
      assert.deepEqual(Buffer.concat(await (await opened.read(sha256)).toArray()), bytes);
    }
    assert.deepEqual(await readFile(join(folder.path, sha256.slice(0, 2), sha256)), bytes);
    assert.deepEqual(await readdir(join(folder.path, "incoming")), []);
    await blobs.remove(sha256);
    await blobs.remove(sha256);
    assert.equal(await blobs.has(sha256), false);
    await assert.rejects(blobs.read(sha256), errorOf("store-failed", /reading an artifact/));
  });

  it("leave nothing when they are discarded", async () => {
    await using folder = await createScratchFolder();
    const blobs = await openFileBlobs(folder.path);
    const blob = await blobs.begin();
    await blob.write(bytes);
    await blob.discard();
    await blob.discard();
    assert.deepEqual(await readdir(folder.path, { recursive: true }), ["incoming"]);
  });

  it("that a crash left half received are removed when the folder is opened", async () => {
    await using folder = await createScratchFolder();
    await openFileBlobs(folder.path);
    await writeFile(join(folder.path, "incoming", "left-behind"), bytes);
    const blobs = await openFileBlobs(folder.path);
    assert.deepEqual(await readdir(join(folder.path, "incoming")), []);
    await keep(blobs);
  });

  // Windows has no such permissions, and root passes them.
  if (process.platform !== "win32" && process.getuid?.() !== 0) {
    it("fail as the store does when the folder cannot be written", async () => {
      await using folder = await createScratchFolder();
      const blobs = await openFileBlobs(folder.path);
      await chmod(join(folder.path, "incoming"), 0o500);
      await assert.rejects(blobs.begin(), errorOf("store-failed"));
    });
  }

  it("fail as the store does when their folder is gone", async () => {
    await using folder = await createScratchFolder();
    const blobs = await openFileBlobs(join(folder.path, "blobs"));
    await folder[Symbol.asyncDispose]();
    await assert.rejects(blobs.begin(), errorOf("store-failed", /receiving an artifact/));
    await using other = await createScratchFolder({ "is-a-file": "" });
    await assert.rejects(openFileBlobs(join(other.path, "is-a-file")), errorOf("store-failed", /opening/));
  });
});
