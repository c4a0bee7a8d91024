import { randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../errors.ts";
import type { EntryStore } from "./entry-store.ts";

const entryEnding = ".build";

/**
 * Entries in a folder of the user's own. Above its size, those that were not used for the longest time make room.
 *
 * @param folder Absolute; made when the first entry is written.
 */
export function createLocalStore(folder: string, maxTotalBytes: number): EntryStore {
  const pathOf = (name: string) => join(folder, name + entryEnding);
  return {
    async read(name, maxSizeBytes) {
      const path = pathOf(name);
      try {
        const { size } = await stat(path);
        if (size > maxSizeBytes) return { kind: "too-large", limitBytes: maxSizeBytes };
        const bytes = await readFile(path);
        const now = new Date();
        await utimes(path, now, now);
        return { kind: "found", bytes };
      } catch (error) {
        return hasCode(error, "ENOENT") ? { kind: "nothing" } : { kind: "failed", message: messageOf(error) };
      }
    },
    async write(name, bytes) {
      const staging = join(folder, `${randomUUID()}.partial`);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(staging, bytes, { mode: 0o600 });
        await rename(staging, pathOf(name));
        await makeRoom(folder, maxTotalBytes);
        return { kind: "written" };
      } catch (error) {
        await rm(staging, { force: true }).catch(() => {});
        return { kind: "not-written", why: messageOf(error) };
      }
    },
  };
}

/** What this machine's entries are authenticated with; made once, and readable by its user alone. */
export async function machineSecret(folder: string): Promise<Buffer> {
  const path = join(folder, "secret");
  const known = await readFile(path).catch(() => undefined);
  if (known !== undefined) return known;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const staging = join(folder, `${randomUUID()}.partial`);
  await writeFile(staging, randomBytes(32), { mode: 0o600 });
  // Two first runs at once: one makes it, both read it, and neither sees half of it.
  await link(staging, path).catch((error: unknown) => {
    if (!hasCode(error, "EEXIST")) throw error;
  });
  await rm(staging);
  return await readFile(path);
}

async function makeRoom(folder: string, maxTotalBytes: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(entryEnding));
  const entries = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path);
      return { path, size, mtimeMs };
    }),
  );
  entries.sort((a, b) => b.mtimeMs - a.mtimeMs);
  let total = 0;
  for (const { path, size } of entries) {
    total += size;
    if (total > maxTotalBytes) await rm(path, { force: true });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
