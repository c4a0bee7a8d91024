/** One program, run to its end or to a limit; @actions/exec can start a process, but not end one. */
import { randomUUID } from "node:crypto";
import { killProcessTree } from "../../worker/process-tree.ts";

export interface ProgramRun {
  /** 128 for a program that a signal ended. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** It was ended because it took longer than its limit. */
  readonly timedOut: boolean;
}

export interface ProgramOptions {
  /** Absolute. */
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** All of it: nothing of ours is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** By which killProcessTree knows what the program started. */
const markerVariable = "WORKFLOW_RELEASE_PROGRAM";
/** What timeout(1) answers; the program may have that code, too, so that the time has to fit. */
const limitExitCode = 124;
const stoppedExitCode = 130;

/**
 * What runs between us and the program: it ends the program, and all that this has started, at the limit and when
 * we are gone. Runs as text: it may use nothing from around it.
 */
function supervise(kill: typeof killProcessTree): void {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const [limitMs, limitCode, stoppedCode, variable = "", marker = "", program = "", ...args] =
    process.argv.slice(1);
  const parent = process.ppid;
  const child = spawn(program, args, {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, [variable]: marker },
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  let reason: number | undefined;
  const end = async (code: number): Promise<never> => {
    // Ending the program at its limit makes it exit, which is then not why.
    reason ??= code;
    if (child.pid !== undefined) await kill(child.pid, marker);
    process.exit(reason);
  };
  const isParentThere = (): boolean => {
    try {
      return process.ppid === parent && process.kill(parent, 0);
    } catch {
      return false;
    }
  };
  child.once("error", (error) => {
    process.stderr.write(`${error.message}\n`, () => process.exit(127));
  });
  // A program that a signal ended has no code; 128 is what shells begin with for those.
  child.once("exit", (code) => end(code ?? 128));
  setTimeout(() => end(Number(limitCode)), Number(limitMs));
  setInterval(() => isParentThere() || end(Number(stoppedCode)), 250);
}

/**
 * Runs the program without a shell and without input. Nothing of it is left when this resolves.
 * @throws what the signal was aborted with; the program then ends with this process at the latest
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramRun> {
  const { signal } = options;
  const stopped = Promise.withResolvers<never>();
  const onAbort = () => stopped.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([runToEnd(options), stopped.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function runToEnd({ program, args, folder, env, limitMs }: ProgramOptions): Promise<ProgramRun> {
  const { getExecOutput } = await import("@actions/exec");
  const text = `(${supervise.toString()})(${killProcessTree.toString()})`;
  const codes = [limitMs, limitExitCode, stoppedExitCode].map(String);
  const startedAt = performance.now();
  const { exitCode, stdout, stderr } = await getExecOutput(
    `"${process.execPath}"`,
    ["-e", text, "--", ...codes, markerVariable, randomUUID(), program, ...args],
    // An empty input closes stdin: a program that asks a question must not wait for an answer.
    { cwd: folder, env: { ...env }, silent: true, ignoreReturnCode: true, input: Buffer.alloc(0) },
  );
  const timedOut = exitCode === limitExitCode && performance.now() - startedAt >= limitMs;
  return { exitCode, stdout, stderr, timedOut };
}
