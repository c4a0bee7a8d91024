/** A folder of its own for one test, removed afterwards. */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, realpath, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** By path with `/`: a file's text or bytes, or where a symlink points. */
export type Files = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;

export interface ScratchFolder extends AsyncDisposable {
  /** Absolute, without symlinks. */
  readonly path: string;
  write(files: Files): Promise<void>;
}

export async function createScratchFolder(files: Files = {}): Promise<ScratchFolder> {
  const path = await mkdtemp(join(await realpath(tmpdir()), "scratch-"));
  const folder: ScratchFolder = {
    path,
    write: (more) => writeFiles(path, more),
    // The asynchronous one cannot remove names that are not UTF-8.
    [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }),
  };
  await folder.write(files);
  return folder;
}

async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    if (typeof content === "object" && "link" in content) await symlink(content.link, file);
    else await writeFile(file, content);
  }
}
