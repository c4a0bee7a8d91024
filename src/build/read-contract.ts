import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ContractTask,
  contractLimitBytes,
  contractOfNames,
  parseContract,
  type TaskContract,
} from "../engine/contract.ts";
import type { TaskIdentifier } from "../engine/task-identifier.ts";
import type { Entrypoint } from "../project/project.ts";
import { type Environment, inheritable } from "../worker/environment.ts";
import { findExecutable } from "../worker/executable.ts";
import type { Watchdog } from "../worker/watchdog.ts";
import { within } from "../worker/within.ts";
import { describeExit, launch, type WorkerExit } from "../worker/worker-process.ts";
import { contractProgram } from "./contract-program.ts";

export interface ContractReading {
  readonly entrypoint: Entrypoint;
  /** What the worker registered. */
  readonly tasks: readonly TaskIdentifier[];
  /** The unpacked artifact, whose environment the worker's start has made. */
  readonly folder: string;
  readonly environment: Environment;
  readonly watchdog: Watchdog;
  readonly signal: AbortSignal;
  /** When the program is taken to hang; the worker has imported the same module already. */
  readonly limitMs: number;
}

/**
 * Reads the task contract in the project's own environment, beside the worker and without its server. Whatever goes
 * wrong, a contract comes out: what was not read is unknown, with the reason. Nothing of it is left running.
 *
 * @throws the signal's reason alone
 */
export async function readContract(options: ContractReading): Promise<TaskContract> {
  const { tasks, signal } = options;
  try {
    return withTasks(await runProgram(options), tasks);
  } catch (error) {
    signal.throwIfAborted();
    return contractOfNames(tasks, error instanceof Error ? error.message : String(error));
  }
}

/** Throws an Error whose message says why there is no report. */
async function runProgram(options: ContractReading): Promise<TaskContract> {
  const { entrypoint, folder, watchdog, signal, limitMs } = options;
  if (entrypoint.kind === "command") {
    throw new Error("the worker is started by a command, which does not tell where its Runner is");
  }
  const environment = inheritable(options.environment);
  const uv = await findExecutable("uv", folder, environment);
  if (uv === undefined) throw new Error("uv is not on PATH");
  const [module = "", object = ""] = entrypoint.objectPath.split(":");
  const scratch = await watchdog.makeFolder(tmpdir());
  const report = join(scratch, "contract.json");
  const kill = new AbortController();
  try {
    const argv = [uv, "run", "--no-sync", "python", "-c", contractProgram, module, object, report] as const;
    const process = await launch(argv, folder, environment, watchdog);
    const onAbort = () => process.kill();
    signal.addEventListener("abort", onAbort, { once: true, signal: kill.signal });
    if (signal.aborted) process.kill();
    const inTime = await within(process.exited, limitMs);
    if (!inTime) process.kill();
    const exit = await process.exited;
    signal.throwIfAborted();
    if (!inTime) throw new Error(`reading it took longer than ${limitMs / 1000} s`);
    return await readReport(report, exit);
  } finally {
    kill.abort();
    watchdog.removeFolder(scratch);
  }
}

async function readReport(file: string, exit: WorkerExit): Promise<TaskContract> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) {
    throw new Error(`the program that reads it was ended by the project's code (${describeExit(exit)})`);
  }
  // The project's code could have written it.
  if (bytes.length > contractLimitBytes) throw new Error("what was read is too large");
  const facts: unknown = JSON.parse(bytes.toString("utf8"));
  const failed = typeof facts === "object" && facts !== null && "failed" in facts ? facts.failed : undefined;
  if (typeof failed === "string") throw new Error(failed.slice(0, 500));
  const contract = parseContract(facts);
  if (contract === undefined) throw new Error("what was read has another form");
  return contract;
}

/** Exactly the tasks that the worker registered: a second import may find others. */
function withTasks(read: TaskContract, tasks: readonly TaskIdentifier[]): TaskContract {
  return {
    tasks: tasks.map(({ name, version }): ContractTask => {
      const found = read.tasks.find((task) => task.name === name && task.version === version);
      const why = "a second import of the module did not register it";
      return found ?? { name, version, input: { kind: "unknown", why } };
    }),
    records: read.records,
  };
}
