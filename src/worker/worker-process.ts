import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { constants } from "node:os";
import type { Environment } from "./environment.ts";
import { OutputTail } from "./output-tail.ts";
import { killProcessTree } from "./process-tree.ts";
import type { Watchdog } from "./watchdog.ts";
import { within } from "./within.ts";

/** How a process ended. `uv run` reports its child's signal as 128 + number; that is turned back. */
export type WorkerExit =
  | { readonly kind: "code"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals };

/** As a sentence needs it: `code 1`, `signal SIGSEGV`. */
export function describeExit(exit: WorkerExit): string {
  return exit.kind === "code" ? `code ${exit.code}` : `signal ${exit.signal}`;
}

export interface WorkerOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that leads a group of its own, with everything that may come from it. */
export interface WorkerProcess {
  readonly pid: number;
  /** Undefined while it runs. */
  exit(): WorkerExit | undefined;
  /** Resolves once the process has ended, its whole tree is gone and its last words are read. Never rejects. */
  readonly exited: Promise<WorkerExit>;
  /** The end of what it printed so far. */
  output(): WorkerOutput;
  /** To the whole group. On Windows, which has no such signals, it ends the tree. */
  signal(name: "SIGTERM"): void;
  /** Ends the whole tree without asking. */
  kill(): void;
}

/** In a worker's environment, and so in that of all its children: how they are found again. */
const markerVariable = "WORKFLOW_RELEASE_WORKER";

/** How long to read on after the exit: a grandchild can hold the pipes open for ever. */
const lastWordsMs = 200;

/**
 * A shell that waits for a line before it becomes the program: were we killed between the start and
 * telling the watchdog, nobody would know the new group. If we die first, the wait ends and so does it.
 */
const gate = 'read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

/**
 * Starts a program in its own process group (on Windows: hidden, without a group), with both pipes
 * always read. Rejects with the system's error when it cannot be started at all.
 */
export async function launch(
  argv: readonly [string, ...string[]],
  folder: string,
  environment: Environment,
  watchdog: Watchdog,
): Promise<WorkerProcess> {
  const marker = randomUUID();
  const env = { ...environment, [markerVariable]: marker };
  const gated = process.platform !== "win32";
  const [program, ...args] = gated ? (["/bin/sh", "-c", gate, "sh", ...argv] as const) : argv;
  const child = spawn(program, args, {
    cwd: folder,
    env,
    detached: gated,
    windowsHide: true,
    stdio: gated ? ["ignore", "pipe", "pipe", "pipe"] : ["ignore", "pipe", "pipe"],
  });
  const pid = await started(child);
  const stdout = new OutputTail(child.stdout as NonNullable<typeof child.stdout>);
  const stderr = new OutputTail(child.stderr as NonNullable<typeof child.stderr>);
  let exit: WorkerExit | undefined;
  const closed = new Promise((resolve) => child.once("close", resolve));
  const exited = ended(child).then(async (how) => {
    exit = how;
    await killProcessTree(pid, marker);
    watchdog.release(pid);
    await within(closed, lastWordsMs);
    child.stdout?.destroy();
    child.stderr?.destroy();
    return how;
  });
  await watchdog.guard(pid, marker);
  openGate(child);
  return {
    pid,
    exit: () => exit,
    exited,
    output: () => ({ stdout: stdout.text(), stderr: stderr.text() }),
    signal: (name) => {
      if (exit === undefined) signalGroup(pid, marker, name);
    },
    kill: () => {
      if (exit === undefined) void killProcessTree(pid, marker);
    },
  };
}

function started(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    if (child.pid !== undefined) resolve(child.pid);
  });
}

function ended(child: ChildProcess): Promise<WorkerExit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) =>
      resolve(signal === null ? exitOfCode(code ?? 0) : { kind: "signal", signal }),
    );
  });
}

/** What Windows returns for an access violation, its segmentation fault. */
const accessViolation = 0xc0000005;

function exitOfCode(code: number): WorkerExit {
  if (code === accessViolation) return { kind: "signal", signal: "SIGSEGV" };
  const signal = (Object.keys(constants.signals) as NodeJS.Signals[]).find(
    (name) => constants.signals[name] === code - 128,
  );
  return signal === undefined ? { kind: "code", code } : { kind: "signal", signal };
}

function openGate(child: ChildProcess): void {
  const pipe = child.stdio[3];
  if (pipe === null || pipe === undefined || !("write" in pipe)) return;
  // It breaks when the shell was killed before it read: its exit says so.
  pipe.on("error", () => {});
  pipe.end("go\n", () => pipe.destroy());
}

function signalGroup(pid: number, marker: string, name: "SIGTERM"): void {
  if (process.platform === "win32") {
    void killProcessTree(pid, marker);
    return;
  }
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
