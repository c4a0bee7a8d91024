import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { SystemError } from "../errors.ts";
import type { BlobSource, BlobStore } from "./blobs.ts";

/** The names of the blobs in a folder of openFileBlobs; none where there is no folder. */
export async function listFileBlobs(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new SystemError("store-failed", `The folder ${folder} cannot be read: ${error.message}`, {
      cause: error,
    });
  });
  return names.flatMap((name) => /[/\\]([0-9a-f]{64})$/.exec(name)?.[1] ?? []).toSorted();
}

/** Copies blobs one after the other and reads each back. Throws store-failed, also for one that is damaged. */
export async function copyBlobs(names: readonly string[], from: BlobSource, to: BlobStore): Promise<void> {
  for (const sha256 of names) {
    if (!(await to.has(sha256))) await copyBlob(sha256, from, to);
    const found = await sha256Of(await to.read(sha256));
    if (found !== sha256) throw damaged(sha256);
  }
}

/** Throws store-failed, also for one whose bytes are not those it is named by. */
export async function copyBlob(sha256: string, from: BlobSource, to: BlobStore): Promise<void> {
  const blob = await to.begin();
  try {
    const hash = createHash("sha256");
    for await (const chunk of (await from.read(sha256)) as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      await blob.write(chunk);
    }
    if (hash.digest("hex") !== sha256) throw damaged(sha256);
    await blob.keep(sha256);
  } finally {
    await blob.discard();
  }
}

export async function sha256Of(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest("hex");
}

function damaged(sha256: string): SystemError {
  return new SystemError("store-failed", `The artifact's file ${sha256} has other bytes than its name says`);
}
