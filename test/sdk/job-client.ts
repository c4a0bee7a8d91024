import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { pythonWithSdk } from "../support/python-sdk.ts";
import { SdkError, type SdkTransport } from "./sdk-client.ts";

const driver = fileURLToPath(new URL("job_driver.py", import.meta.url));

const compiledFolder = fileURLToPath(new URL("../../.cache/python-compiled/", import.meta.url));

/** The SDK's data classes, as far as tests look at them; enums and times as text. */
export interface SdkJob {
  readonly id: string;
  readonly name: string;
  readonly trace_parent: string;
  readonly state: string;
  readonly submitted_at: string;
  readonly progress: readonly {
    readonly label: string | null;
    readonly total: number;
    readonly done: number;
  }[];
  readonly execution_stats: {
    readonly first_task_started_at: string | null;
    readonly last_task_stopped_at: string | null;
    readonly parallelism: number;
    readonly total_tasks: number;
    readonly tasks_by_state: Readonly<Record<string, number>>;
  };
}
export interface SdkLog {
  readonly severity_text: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly runner_attributes: Readonly<Record<string, unknown>>;
}
export interface SdkSpan {
  readonly name: string;
  readonly trace_id: string;
  readonly status_code: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

type TaskSpec = readonly [name: string, fields?: Readonly<Record<string, unknown>>];
type Keywords = Readonly<Record<string, unknown>>;

/** The official SDK, which submits jobs and runs them, in a process of its own. Calls run one after the other. */
export interface JobClient extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Fulfilled when the process has ended. */
  readonly exited: Promise<unknown>;
  submit(tasks: readonly TaskSpec[], kwargs?: Keywords): Promise<SdkJob>;
  /** Returns what ran, in order. */
  runAll(tasks?: readonly string[], kwargs?: Keywords): Promise<string[]>;
  /** Fulfilled when it has begun; it ends with the process. */
  runForever(tasks?: readonly string[], kwargs?: Keywords): Promise<void>;
  /** Ends it and everything it started, as a machine that dies does. */
  kill(): void;
  /** As SdkClient.call. */
  call<Returned>(call: string, args?: readonly unknown[], kwargs?: Keywords): Promise<Returned>;
  find(job: SdkJob): Promise<SdkJob>;
}

export async function startJobClient(options: {
  readonly url: string;
  readonly token?: string;
  readonly transport: SdkTransport;
}): Promise<JobClient> {
  const python = await pythonWithSdk();
  const child = spawn(python, [driver, JSON.stringify(options)], {
    // What tasks and the SDK log is not what is tested, and the failures that tests want would fill the output.
    stdio: ["pipe", "pipe", "ignore"],
    // A group of its own, which kill() ends: the SDK extends leases in a second process.
    detached: true,
    env: {
      PATH: process.env.PATH,
      SYSTEMROOT: process.env.SYSTEMROOT,
      PYTHONUTF8: "1",
      // Compiling the SDK takes most of a start, and each runner starts two processes.
      PYTHONPYCACHEPREFIX: compiledFolder,
      OTEL_EXPORT_INTERVAL: "0.1s",
    },
  });
  const exited = once(child, "exit");
  let runsForever = false;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request: unknown) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await lines.next();
    if (line.done === true) throw new Error(`the SDK's process ended in ${JSON.stringify(request)}`);
    const answer = JSON.parse(line.value);
    if (answer.error === undefined) return answer.ok;
    throw new SdkError(answer.error.classes, answer.error.message);
  };
  const client: JobClient = {
    process: child,
    exited,
    submit: (tasks, kwargs = {}) =>
      ask({ submit: tasks.map(([name, fields = {}]) => [name, fields]), kwargs }),
    runAll: (tasks = [], kwargs = {}) => ask({ run_all: tasks, kwargs }),
    runForever(tasks = [], kwargs = {}) {
      runsForever = true;
      return ask({ run_forever: tasks, kwargs });
    },
    kill: () => killGroup(child),
    call: (call, args = [], kwargs = {}) => ask({ call, args, kwargs }),
    find: (job) => client.call<SdkJob>("jobs().find", [job.id]),
    async [Symbol.asyncDispose]() {
      if (runsForever) killGroup(child);
      else child.stdin.end();
      await exited;
    },
  };
  return client;
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  if (process.platform === "win32") spawnSync("taskkill", ["/pid", String(pid), "/t", "/f"]);
  else process.kill(-pid, "SIGKILL");
}
