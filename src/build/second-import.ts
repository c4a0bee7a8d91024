import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Environment, inheritable } from "../worker/environment.ts";
import { findExecutable } from "../worker/executable.ts";
import type { Watchdog } from "../worker/watchdog.ts";
import { within } from "../worker/within.ts";
import { launch } from "../worker/worker-process.ts";
import { type ImportReport, importProgram, parseFaultTrace, parseImportReport } from "./import-report.ts";

export interface SecondImport {
  readonly objectPath: string;
  /** The unpacked artifact, whose environment the worker's start has made. */
  readonly folder: string;
  readonly environment: Environment;
  readonly watchdog: Watchdog;
  readonly signal: AbortSignal;
  /** When the import is taken to hang. */
  readonly limitMs: number;
}

/** The interpreter's own start and uv's, before the limit begins to count inside the program. */
const overheadMs = 10_000;

/**
 * Imports the module once more, in the worker's own environment but without its server, and returns
 * what came of it; undefined when even that cannot be told. Nothing of it is left running.
 */
export async function importAgain(options: SecondImport): Promise<ImportReport | undefined> {
  const environment = inheritable(options.environment);
  const uv = await findExecutable("uv", options.folder, environment);
  if (uv === undefined) return undefined;
  const [module = "", object = ""] = options.objectPath.split(":");
  const scratch = await options.watchdog.makeFolder(tmpdir());
  const report = join(scratch, "report.json");
  try {
    const seconds = String(options.limitMs / 1000);
    const argv = [
      uv,
      "run",
      "--no-sync",
      "python",
      "-c",
      importProgram,
      module,
      object,
      report,
      seconds,
    ] as const;
    const process = await launch(argv, options.folder, environment, options.watchdog);
    const over = Promise.race([process.exited, ends(options.signal)]);
    await within(over, options.limitMs + overheadMs);
    process.kill();
    await process.exited;
    options.signal.throwIfAborted();
    return await readReport(report);
  } finally {
    options.watchdog.removeFolder(scratch);
  }
}

async function readReport(file: string): Promise<ImportReport | undefined> {
  const read = (path: string) => readFile(path, "utf8").catch(() => "");
  return parseImportReport(await read(file)) ?? parseFaultTrace(await read(`${file}.trace`));
}

function ends(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
