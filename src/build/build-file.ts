import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Build } from "./build.ts";

/** Beside the archive: the Build as JSON. There is none while a build runs or after one that failed. */
export const buildFileName = "build.json";

/** Writes build.json; whoever sees it sees all of it. */
export async function writeBuildFile(folder: string, build: Build): Promise<void> {
  const staging = join(folder, `${buildFileName}.partial`);
  await writeFile(staging, `${JSON.stringify(build, undefined, 2)}\n`);
  await rename(staging, join(folder, buildFileName));
}
