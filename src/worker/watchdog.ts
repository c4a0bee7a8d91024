import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { killProcessTree } from "./process-tree.ts";

/**
 * One small process beside ours that outlives it and then kills the workers we leave behind. It holds
 * the reading end of a pipe; when we die, in whatever way, the system closes our end.
 */
export interface Watchdog {
  /** Resolves when the watchdog knows the worker: even our SIGKILL ends that worker from now on. */
  guard(leader: number, marker: string): Promise<void>;
  /** The worker is gone; its process id may soon be another's. */
  release(leader: number): void;
}

/** What the watchdog process does. Runs there as text: it may use nothing from around it. */
function watch(kill: typeof killProcessTree): void {
  const guarded = new Map<number, string>();
  let rest = "";
  const obey = (line: string): void => {
    const [order, leader, marker] = line.split(" ");
    if (order === "guard" && marker !== undefined) guarded.set(Number(leader), marker);
    if (order === "release") guarded.delete(Number(leader));
  };
  const finish = async (): Promise<void> => {
    await Promise.all([...guarded].map(([leader, marker]) => kill(leader, marker)));
    process.exit(0);
  };
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(obey);
  });
  process.stdin.on("end", finish);
  process.stdin.on("error", finish);
}

export function createWatchdog(): Watchdog {
  const guarded = new Map<number, string>();
  let child: ChildProcess | undefined;

  const start = (): ChildProcess => {
    const program = `(${watch.toString()})(${killProcessTree.toString()})`;
    // Without our environment: NODE_OPTIONS could break it, and it must not look like a worker's child.
    const env = { PATH: process.env.PATH ?? "", SystemRoot: process.env.SystemRoot ?? "" };
    const started = spawn(process.execPath, ["-e", program], {
      detached: true,
      env,
      stdio: ["pipe", "ignore", "ignore"],
      windowsHide: true,
    });
    const forget = (): void => {
      if (child === started) child = undefined;
    };
    started.on("exit", forget);
    started.on("error", forget);
    started.stdin?.on("error", forget);
    // Neither it nor its pipe keeps us running.
    started.unref();
    if (started.stdin instanceof Socket) started.stdin.unref();
    child = started;
    for (const [leader, marker] of guarded) started.stdin?.write(`guard ${leader} ${marker}\n`);
    return started;
  };

  return {
    guard: (leader, marker) => {
      guarded.set(leader, marker);
      if (child === undefined) start();
      else child.stdin?.write(`guard ${leader} ${marker}\n`);
      const pipe = child?.stdin;
      return new Promise((resolve) => (pipe ? pipe.write("", () => resolve()) : resolve()));
    },
    release: (leader) => {
      guarded.delete(leader);
      child?.stdin?.write(`release ${leader}\n`);
    },
  };
}
