import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { killProcessTree } from "./process-tree.ts";

/**
 * One small process beside ours that outlives it: it then kills the workers we leave behind and removes
 * our temporary folders. It holds the reading end of a pipe; when we die, in whatever way, the system
 * closes our end. It is started when it is first needed, and ends with us.
 */
export interface Watchdog {
  /** Resolves when the watchdog knows the worker: even our SIGKILL ends that worker from now on. */
  guard(leader: number, marker: string): Promise<void>;
  /** The worker is gone; its process id may soon be another's. */
  release(leader: number): void;
  /** Makes a folder that only we can enter, removed when we end at the latest. Returns its absolute path. */
  makeFolder(parent: string): Promise<string>;
  /** Removes such a folder now, without making us wait: an environment has ten thousand files. */
  removeFolder(folder: string): void;
}

type Order =
  | { readonly order: "guard"; readonly leader: number; readonly marker: string }
  | { readonly order: "release"; readonly leader: number }
  | { readonly order: "own" | "remove"; readonly folder: string };

/** What the watchdog process does. Runs there as text: it may use nothing from around it. */
function watch(kill: typeof killProcessTree): void {
  const { rm } = process.getBuiltinModule("node:fs/promises");
  const guarded = new Map<number, string>();
  const owned = new Set<string>();
  const removals = new Map<string, Promise<void>>();
  let rest = "";
  const remove = (folder: string): void => {
    owned.delete(folder);
    const removal = rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
    removals.set(
      folder,
      removal.then(() => void removals.delete(folder)),
    );
  };
  const obey = (order: Order): void => {
    if (order.order === "guard") guarded.set(order.leader, order.marker);
    else if (order.order === "release") guarded.delete(order.leader);
    else if (order.order === "own") owned.add(order.folder);
    else remove(order.folder);
  };
  const finish = async (): Promise<void> => {
    await Promise.all([...guarded].map(([leader, marker]) => kill(leader, marker)));
    for (const folder of owned) remove(folder);
    await Promise.all(removals.values());
    process.exit(0);
  };
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) obey(JSON.parse(line));
  });
  process.stdin.on("end", finish);
  process.stdin.on("error", finish);
}

export function createWatchdog(): Watchdog {
  const guarded = new Map<number, string>();
  const owned = new Set<string>();
  let child: ChildProcess | undefined;

  /** Also after the watchdog itself was killed: the new one learns what the old one knew. */
  const running = (): ChildProcess => {
    if (child !== undefined) return child;
    const started = startProcess(() => {
      if (child === started) child = undefined;
    });
    child = started;
    for (const [leader, marker] of guarded) give(started, { order: "guard", leader, marker });
    for (const folder of owned) give(started, { order: "own", folder });
    return started;
  };

  return {
    guard: (leader, marker) => {
      const process = running();
      guarded.set(leader, marker);
      return give(process, { order: "guard", leader, marker });
    },
    release: (leader) => {
      guarded.delete(leader);
      if (child !== undefined) give(child, { order: "release", leader });
    },
    makeFolder: async (parent) => {
      // As short as can be: a unix socket's path has little room.
      const folder = join(parent, `wr-${randomBytes(5).toString("hex")}`);
      const process = running();
      owned.add(folder);
      await give(process, { order: "own", folder });
      await mkdir(folder, { mode: 0o700 });
      return folder;
    },
    removeFolder: (folder) => {
      owned.delete(folder);
      give(running(), { order: "remove", folder });
    },
  };
}

function startProcess(onEnd: () => void): ChildProcess {
  const program = `(${watch.toString()})(${killProcessTree.toString()})`;
  // Without our environment: NODE_OPTIONS could break it, and it must not look like a worker's child.
  const env = { PATH: process.env.PATH ?? "", SystemRoot: process.env.SystemRoot ?? "" };
  const started = spawn(process.execPath, ["-e", program], {
    detached: true,
    env,
    stdio: ["pipe", "ignore", "ignore"],
    windowsHide: true,
  });
  started.on("exit", onEnd);
  started.on("error", onEnd);
  started.stdin?.on("error", onEnd);
  // Neither it nor its pipe keeps us running.
  started.unref();
  if (started.stdin instanceof Socket) started.stdin.unref();
  return started;
}

/** Resolves when the pipe has it, or is broken. */
function give(child: ChildProcess, order: Order): Promise<void> {
  return new Promise((resolve) => {
    if (child.stdin === null) resolve();
    else child.stdin.write(`${JSON.stringify(order)}\n`, () => resolve());
  });
}
