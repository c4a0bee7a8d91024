import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** What a folder takes, by the sizes of its files. Files that it shares by hard links with uv's cache count too. */
export async function folderSizeBytes(folder: string): Promise<number> {
  let sizeBytes = 0;
  for (const item of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, item.name);
    // A file may vanish meanwhile: a worker's bytecode cache, for instance.
    sizeBytes += item.isDirectory()
      ? await folderSizeBytes(path)
      : ((await lstat(path).catch(() => undefined))?.size ?? 0);
  }
  return sizeBytes;
}
