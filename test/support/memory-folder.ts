import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A folder on a RAM disk where the system has one: for tests that commit tens of thousands of times and ask
 * nothing of the disk.
 */
export async function createMemoryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const ramDisk = "/dev/shm";
  const path = await mkdtemp(join(existsSync(ramDisk) ? ramDisk : tmpdir(), "scratch-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
