/** Archives of real artifacts, packed as a build packs them. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { packArtifact } from "../../src/artifact/pack.ts";
import type { ScratchFolder } from "./scratch-folder.ts";

export interface TestArchive {
  readonly digest: string;
  readonly archivePath: string;
  readonly sizeBytes: number;
  readonly bytes: Buffer<ArrayBuffer>;
  readonly sha256: string;
}

/** An artifact of one file with this content. */
export async function packOneFile(folder: ScratchFolder, content: string | Uint8Array): Promise<TestArchive> {
  const name = crypto.randomUUID();
  await folder.write({ [`${name}/main.py`]: content });
  const archivePath = join(folder.path, `${name}.tar.zst`);
  const source = join(folder.path, name, "main.py");
  const packed = await packArtifact([{ kind: "file", path: "main.py", source }], archivePath);
  return {
    digest: packed.digest,
    archivePath,
    sizeBytes: (await stat(archivePath)).size,
    bytes: await readFile(archivePath),
    sha256: packed.archive.sha256,
  };
}
