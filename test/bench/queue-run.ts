/** One measurement of the queue over gRPC: control planes of its own, and the load in a process beside them. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startControlPlaneProcess } from "../support/control-plane-process.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";
import type { Metered } from "./meter.ts";
import type { Load } from "./queue-load.ts";

const seconds = 3;
const load = fileURLToPath(new URL("queue-load.ts", import.meta.url));
/** More than are done in that time. */
const tasks = 200_000;

interface Round extends Metered {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** PostgreSQL instead of a folder. */
export interface SharedStore {
  readonly url: string;
  readonly pid: number;
  /** Control planes on it. */
  readonly replicas: number;
  readonly tasks: number;
}

export async function runLoad(mode: Load["mode"], clients: number, shared?: SharedStore): Promise<Round> {
  await using folder = await createScratchFolder();
  await using stack = new AsyncDisposableStack();
  const servers: { url: string; pid: number }[] = [];
  for (let index = 0; index < (shared?.replicas ?? 1); index++) {
    const dataFolder = join(folder.path, String(index));
    const { url, pid } = stack.use(await startControlPlaneProcess(dataFolder, "none", shared?.url));
    servers.push({ url, pid });
  }
  const options: Load = {
    mode,
    clients,
    seconds,
    tasks: shared?.tasks ?? tasks,
    servers,
    postgresPid: shared?.pid,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [load, JSON.stringify(options)]);
  return JSON.parse(stdout);
}
