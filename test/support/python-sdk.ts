/** A Python that has the official SDK from PyPI, unmodified: the oracle of what the control plane must answer. */
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const cacheFolder = fileURLToPath(new URL("../../.cache/python-sdk/", import.meta.url));
const pinsFile = fileURLToPath(new URL("python-pins/0.66.txt", import.meta.url));

/** The interpreter's path. Installed once for each set of pins; tests that start at once may all install. */
export async function pythonWithSdk(): Promise<string> {
  const pins = await readFile(pinsFile, "utf8");
  const environment = join(cacheFolder, createHash("sha256").update(pins).digest("hex").slice(0, 16));
  const python = interpreterOf(environment);
  if (await exists(python)) return python;
  await mkdir(cacheFolder, { recursive: true });
  const staging = `${environment}.${randomUUID()}`;
  await run("uv", ["venv", "--quiet", "--relocatable", staging]);
  await run("uv", ["pip", "install", "--quiet", "--python", interpreterOf(staging), "-r", pinsFile]);
  try {
    await rename(staging, environment);
  } catch (error) {
    // Another test was faster.
    await rm(staging, { recursive: true, force: true });
    if (!(await exists(python))) throw error;
  }
  return python;
}

function interpreterOf(environment: string): string {
  return process.platform === "win32"
    ? join(environment, "Scripts", "python.exe")
    : join(environment, "bin", "python");
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
