import { readFile, writeFile } from "node:fs/promises";
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
import { messageOf } from "../errors.ts";
import type { Entrypoint } from "../project/project.ts";
import { type Environment, inheritable } from "../worker/environment.ts";
import { findExecutable } from "../worker/executable.ts";
import type { Watchdog } from "../worker/watchdog.ts";
import { within } from "../worker/within.ts";
import { describeExit, launch, type WorkerExit, type WorkerProcess } from "../worker/worker-process.ts";
import { contractProgram } from "./contract-program.ts";

export interface ContractReading {
  readonly entrypoint: Entrypoint;
  /** The unpacked artifact. */
  readonly folder: string;
  /** Whether it has a uv.lock, so that uv makes the same environment for this program and for the worker. */
  readonly locked: boolean;
  readonly environment: Environment;
  readonly watchdog: Watchdog;
  readonly signal: AbortSignal;
}

/** Reads a task contract beside the worker. Disposing leaves nothing of it running. */
export interface ContractReader extends AsyncDisposable {
  /**
   * Starts the program, which imports the SDK while the worker does, and nothing of the project. To be called once the
   * worker's uv runs, which then makes the environment while this one waits for its lock. Never throws.
   */
  warmUp(): void;
  /**
   * Reads the contract, once the worker is ready. Whatever goes wrong, a contract comes out: what was not read is
   * unknown, with the reason.
   *
   * @param tasks What the worker registered.
   * @param limitMs When the program is taken to hang; the worker has imported the same module already.
   * @throws the signal's reason alone
   */
  read(tasks: readonly TaskIdentifier[], limitMs: number): Promise<TaskContract>;
}

export function createContractReader(options: ContractReading): ContractReader {
  const { locked, watchdog, signal } = options;
  let program: Promise<ContractProgram> | undefined;
  const start = (): Promise<ContractProgram> => {
    program ??= startProgram(options);
    return program;
  };
  return {
    warmUp: () => {
      // Without a lock file two uv would resolve at the same time, and might find two environments.
      if (locked && options.entrypoint.kind === "runner") start().catch(() => {});
    },
    read: async (tasks, limitMs) => {
      try {
        return withTasks(await runToEnd(await start(), signal, limitMs), tasks);
      } catch (error) {
        signal.throwIfAborted();
        return contractOfNames(tasks, messageOf(error));
      }
    },
    [Symbol.asyncDispose]: async () => {
      const started = await program?.catch(() => undefined);
      if (started === undefined) return;
      started.process.kill();
      await started.process.exited;
      watchdog.removeFolder(started.scratch);
    },
  };
}

interface ContractProgram {
  readonly process: WorkerProcess;
  readonly scratch: string;
  readonly report: string;
}

/** Throws an Error whose message says why there is no report. */
async function startProgram(options: ContractReading): Promise<ContractProgram> {
  const { entrypoint, folder, locked, watchdog } = options;
  if (entrypoint.kind === "command") {
    throw new Error("the worker is started by a command, which does not tell where its Runner is");
  }
  const environment = inheritable(options.environment);
  const uv = await findExecutable("uv", folder, environment);
  if (uv === undefined) throw new Error("uv is not on PATH");
  const [module = "", object = ""] = entrypoint.objectPath.split(":");
  const scratch = await watchdog.makeFolder(tmpdir());
  const report = join(scratch, "contract.json");
  const flag = locked ? "--locked" : "--no-sync";
  const argv = [uv, "run", flag, "python", "-c", contractProgram, module, object, report] as const;
  try {
    return { process: await launch(argv, folder, environment, watchdog), scratch, report };
  } catch (error) {
    watchdog.removeFolder(scratch);
    throw error;
  }
}

/** Throws an Error whose message says why there is no report. */
async function runToEnd(
  { process, report }: ContractProgram,
  signal: AbortSignal,
  limitMs: number,
): Promise<TaskContract> {
  await writeFile(`${report}.go`, "");
  const kill = () => process.kill();
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  const inTime = await within(process.exited, limitMs);
  if (!inTime) kill();
  const exit = await process.exited;
  signal.removeEventListener("abort", kill);
  signal.throwIfAborted();
  if (!inTime) throw new Error(`reading it took longer than ${limitMs / 1000} s`);
  return await readReport(report, exit);
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
