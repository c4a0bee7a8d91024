/**
 * The unpacked releases of one runner, each with its Python environment: named by the digest of what was
 * unpacked, made once, checked before they are used again after a restart, the longest unused removed first
 * when they take too much disk.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "../artifact/manifest.ts";
import { folderSizeBytes } from "./folder-size.ts";
import type { ReleaseFolder } from "./loaded-release.ts";

export interface ReleaseFoldersDeps {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Fetches, verifies and unpacks an artifact into an empty folder, and says what is in it. */
  unpack(digest: string, folder: string, signal: AbortSignal): Promise<Manifest>;
  onRemoved(digest: string, sizeBytes: number): void;
}

/** What is known of an entry beside its files; written last, so that its presence says that the entry is whole. */
interface EntryRecord {
  readonly manifest: Manifest;
  /** Of files and environment, measured when it was last made ready. */
  readonly sizeBytes: number;
  readonly prepared: boolean;
}

const recordName = "release.json";
const filesName = "files";

/** Where the files of a release lie below a runner's data folder. */
export function filesFolderOf(dataFolder: string, digest: string): string {
  return join(dataFolder, "releases", digest, filesName);
}

export interface OpenedFolder extends ReleaseFolder {
  /** Its environment was made before. */
  readonly prepared: boolean;
  /** Call it when the environment is made. */
  markPrepared(): Promise<void>;
}

export class ReleaseFolders {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #deps: ReleaseFoldersDeps;
  /** How many use an entry: those are not removed. */
  readonly #users = new Map<string, number>();
  /** Entries whose files were checked since this runner started, or made by it. */
  readonly #checked = new Set<string>();
  readonly #distrusted = new Set<string>();
  /** An entry is made, looked at or removed by one at a time. */
  readonly #turns = new Map<string, Promise<unknown>>();

  private constructor(folder: string, maxBytes: number, deps: ReleaseFoldersDeps) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#deps = deps;
  }

  /** The folder must belong to one runner alone; what a killed one left half made is removed. */
  static async open(folder: string, maxBytes: number, deps: ReleaseFoldersDeps): Promise<ReleaseFolders> {
    await rm(join(folder, "incoming"), { recursive: true, force: true });
    for (const name of ["incoming", "releases"]) await mkdir(join(folder, name), { recursive: true });
    return new ReleaseFolders(folder, maxBytes, deps);
  }

  /** The folder of an artifact, made if need be, and kept until it is disposed of. Throws what unpacking throws. */
  async use(digest: string, signal: AbortSignal): Promise<OpenedFolder> {
    this.#users.set(digest, (this.#users.get(digest) ?? 0) + 1);
    try {
      const record = await this.#inTurn(digest, () => this.#make(digest, signal));
      return {
        path: filesFolderOf(this.#folder, digest),
        prepared: record.prepared,
        markPrepared: () => this.#markPrepared(digest, record),
        distrust: () => void this.#distrusted.add(digest),
        [Symbol.dispose]: () => this.#letGo(digest),
      };
    } catch (error) {
      this.#letGo(digest);
      throw error;
    }
  }

  async #inTurn<T>(digest: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(digest) ?? Promise.resolve();
    const turn = before.then(work);
    const over = turn.catch(() => {});
    this.#turns.set(digest, over);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(digest) === over) this.#turns.delete(digest);
    }
  }

  #entry(digest: string): string {
    return join(this.#folder, "releases", digest);
  }

  #letGo(digest: string): void {
    const users = (this.#users.get(digest) ?? 1) - 1;
    if (users > 0) {
      this.#users.set(digest, users);
      return;
    }
    this.#users.delete(digest);
    // Nobody waits for it, and what cannot be removed now may be the next time.
    this.#trim().catch(() => {});
  }

  async #make(digest: string, signal: AbortSignal): Promise<EntryRecord> {
    const entry = this.#entry(digest);
    const anew = this.#distrusted.has(digest) && this.#users.get(digest) === 1;
    const known = anew ? undefined : await readRecord(entry);
    if (
      known !== undefined &&
      (this.#checked.has(digest) || (await holds(join(entry, filesName), known.manifest)))
    ) {
      this.#checked.add(digest);
      await this.#touch(digest);
      return known;
    }
    signal.throwIfAborted();
    await rm(entry, { recursive: true, force: true, maxRetries: 3 });
    const staging = join(this.#folder, "incoming", crypto.randomUUID());
    try {
      const files = join(staging, filesName);
      await mkdir(files, { recursive: true });
      const manifest = await this.#deps.unpack(digest, files, signal);
      const record: EntryRecord = { manifest, sizeBytes: await folderSizeBytes(staging), prepared: false };
      await writeFile(join(staging, recordName), JSON.stringify(record));
      await rename(staging, entry);
      this.#checked.add(digest);
      this.#distrusted.delete(digest);
      return record;
    } finally {
      await rm(staging, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  async #markPrepared(digest: string, record: EntryRecord): Promise<void> {
    const entry = this.#entry(digest);
    const sizeBytes = await folderSizeBytes(entry);
    const temporary = join(entry, `${recordName}.tmp`);
    await writeFile(temporary, JSON.stringify({ ...record, sizeBytes, prepared: true }));
    await rename(temporary, join(entry, recordName));
    await this.#touch(digest);
    await this.#trim();
  }

  async #touch(digest: string): Promise<void> {
    const seconds = this.#deps.clock() / 1_000;
    await utimes(join(this.#entry(digest), recordName), seconds, seconds);
  }

  /** Until the bound holds, or nothing is left that nobody uses. */
  async #trim(): Promise<void> {
    const entries = [];
    for (const digest of await readdir(join(this.#folder, "releases"))) {
      const entry = this.#entry(digest);
      const record = await readRecord(entry);
      const usedAtMs = (await stat(join(entry, recordName)).catch(() => undefined))?.mtimeMs ?? 0;
      entries.push({ digest, usedAtMs, sizeBytes: record?.sizeBytes ?? (await folderSizeBytes(entry)) });
    }
    let total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const { digest, sizeBytes } of entries.sort((a, b) => a.usedAtMs - b.usedAtMs)) {
      if (total <= this.#maxBytes) return;
      const removed = await this.#inTurn(digest, () => this.#remove(digest));
      if (!removed) continue;
      total -= sizeBytes;
      this.#deps.onRemoved(digest, sizeBytes);
    }
  }

  /** False for an entry that somebody uses. */
  async #remove(digest: string): Promise<boolean> {
    if (this.#users.has(digest)) return false;
    this.#checked.delete(digest);
    await rm(this.#entry(digest), { recursive: true, force: true, maxRetries: 3 });
    return true;
  }
}

async function readRecord(entry: string): Promise<EntryRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(entry, recordName), "utf8"));
  } catch {
    return undefined; // Not there, or cut short by a power failure: it is made anew.
  }
}

/** Whether the artifact's files are what they were; what workers and uv have added beside them does not matter. */
async function holds(folder: string, manifest: Manifest): Promise<boolean> {
  try {
    for (const item of manifest) {
      const path = join(folder, item.path);
      if (item.kind === "symlink") {
        if ((await readlink(path)) !== item.target) return false;
        continue;
      }
      const content = await readFile(path);
      if (createHash("sha256").update(content).digest("hex") !== item.sha256) return false;
    }
    return true;
  } catch {
    return false;
  }
}
