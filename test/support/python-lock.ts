/** Makes the uv.lock of a scratch project from pinned versions: no sample's lock file is committed. */
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const cacheFolder = fileURLToPath(new URL("../../.cache/python-locks/", import.meta.url));

/** Writes uv.lock beside the folder's pyproject.toml, from the cache where the same one was made before. */
export async function lockProject(folder: string): Promise<void> {
  const pyproject = await readFile(join(folder, "pyproject.toml"), "utf8").catch(() => undefined);
  if (pyproject === undefined) return;
  const generation = pyproject.includes("tilebox-workflows==0.58") ? "0.58" : "0.66";
  const pinsFile = new URL(`python-pins/${generation}.txt`, import.meta.url);
  const pins = (await readFile(pinsFile, "utf8")).split(/\r?\n/).filter((line) => line !== "");
  const key = createHash("sha256")
    .update(JSON.stringify([pyproject, pins]))
    .digest("hex");
  const cached = join(cacheFolder, `${key}.lock`);
  const target = join(folder, "uv.lock");
  const found = await copyFile(cached, target).then(
    () => true,
    () => false,
  );
  if (found) return;
  const made = await makeLock(pyproject, pins);
  await mkdir(cacheFolder, { recursive: true });
  const staging = join(cacheFolder, `${randomUUID()}.tmp`);
  await writeFile(staging, made);
  await rename(staging, cached);
  await writeFile(target, made);
}

/**
 * uv writes constraints into the lock and refuses it when pyproject.toml does not name the same ones.
 * So it is locked twice: with the pins as constraints, then without them, when uv keeps the versions it finds.
 */
async function makeLock(pyproject: string, pins: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), "lock-"));
  try {
    const constraints = `\n[tool.uv]\nconstraint-dependencies = ${JSON.stringify(pins)}\n`;
    await writeFile(join(folder, "pyproject.toml"), pyproject + constraints);
    await run("uv", ["lock", "--quiet"], { cwd: folder });
    await writeFile(join(folder, "pyproject.toml"), pyproject);
    await run("uv", ["lock", "--quiet"], { cwd: folder });
    return await readFile(join(folder, "uv.lock"), "utf8");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
