/** Where the bytes of artifacts lie: write once, named by their sha256. */
import { constants } from "node:fs";
import { access, type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { messageOf, SystemError } from "../errors.ts";

export interface BlobStore {
  /** Begins a blob whose name is not known yet. End it with keep() or discard(). */
  begin(): Promise<IncomingBlob>;
  has(sha256: string): Promise<boolean>;
  /** Throws store-failed when it is not there. */
  read(sha256: string): Promise<Readable>;
  remove(sha256: string): Promise<void>;
}

export interface IncomingBlob {
  write(chunk: Uint8Array): Promise<void>;
  /** Fulfilled when the bytes will be found under this name even after a power cut. */
  keep(sha256: string): Promise<void>;
  /** Leaves nothing behind. May be called after keep(), then it does nothing. */
  discard(): Promise<void>;
}

/** What is read of blobs, and never changes. */
export type BlobSource = Pick<BlobStore, "has" | "read">;

/** The files of openFileBlobs for somebody else than the process that the folder belongs to. */
export function readFileBlobs(folder: string): BlobSource {
  const pathOf = pathsIn(folder);
  return {
    has: (sha256) => exists(pathOf(sha256)),
    read: (sha256) =>
      failing("reading an artifact", async () => {
        const file = await open(pathOf(sha256), "r");
        return file.createReadStream({ highWaterMark: 256 * 1024 });
      }),
  };
}

/** Two levels, because some file systems slow down with many thousands of files in one folder. */
function pathsIn(folder: string): (sha256: string) => string {
  return (sha256) => join(folder, sha256.slice(0, 2), sha256);
}

/**
 * Blobs as files. What a crash left half received is removed here: the folder belongs to one process, which
 * the database's lock sees to. Throws store-failed.
 */
export async function openFileBlobs(folder: string): Promise<BlobStore> {
  const incoming = join(folder, "incoming");
  await failing("opening the folder of artifacts", async () => {
    await rm(incoming, { recursive: true, force: true });
    await mkdir(incoming, { recursive: true });
  });
  const pathOf = pathsIn(folder);
  return {
    ...readFileBlobs(folder),
    begin: () => failing("receiving an artifact", () => beginFile(incoming, pathOf)),
    remove: (sha256) => failing("removing an artifact", () => rm(pathOf(sha256), { force: true })),
  };
}

async function beginFile(incoming: string, pathOf: (sha256: string) => string): Promise<IncomingBlob> {
  const temporary = join(incoming, crypto.randomUUID());
  const file = await open(temporary, "wx", 0o600);
  let state: "open" | "ended" = "open";
  return {
    write: (chunk) =>
      failing("receiving an artifact", async () => {
        for (let offset = 0; offset < chunk.length; ) {
          offset += (await file.write(chunk, offset)).bytesWritten;
        }
      }),
    async keep(sha256) {
      state = "ended";
      try {
        await failing("keeping an artifact", () => settle(file, temporary, pathOf(sha256)));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    async discard() {
      if (state === "ended") return;
      state = "ended";
      await file.close();
      await rm(temporary, { force: true });
    },
  };
}

async function settle(file: FileHandle, temporary: string, target: string): Promise<void> {
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  // The same bytes are there already; Windows would refuse to rename onto a file that is being read.
  if (await exists(target)) return await rm(temporary, { force: true });
  await mkdir(dirname(target), { recursive: true });
  await rename(temporary, target);
  await syncFolder(dirname(target));
  await syncFolder(dirname(dirname(target)));
}

/** Makes names in a folder durable. Windows cannot open folders and orders its metadata writes itself. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function failing<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const why = messageOf(cause);
    throw new SystemError("store-failed", `The data folder failed in ${what}: ${why}`, { cause });
  }
}
