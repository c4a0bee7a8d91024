/** What other users of the machine see of a process and its children. Linux only: elsewhere the list is empty. */
import { readdirSync, readFileSync } from "node:fs";

export interface SeenProcess {
  readonly pid: number;
  readonly commandLine: string;
  /** Only its owner sees it, but so does every process the owner runs. */
  readonly environment: string;
}

/** The process, then everything it started, as far as parent ids still tell. */
export function processTree(root: number): SeenProcess[] {
  const parents = new Map<number, number>();
  for (const name of readNames("/proc")) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const isBelow = (pid: number): boolean => {
    for (let current: number | undefined = pid; current !== undefined; current = parents.get(current)) {
      if (current === root) return true;
    }
    return false;
  };
  return [root, ...[...parents.keys()].filter((pid) => pid !== root && isBelow(pid))].map((pid) => ({
    pid,
    commandLine: read(`/proc/${pid}/cmdline`),
    environment: read(`/proc/${pid}/environ`),
  }));
}

/** Processes whose command line or environment holds the text: what a run left behind can be found by its folder. */
export function processesWith(text: string): SeenProcess[] {
  return readNames("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({
      pid: Number(name),
      commandLine: read(`/proc/${name}/cmdline`),
      environment: read(`/proc/${name}/environ`),
    }))
    .filter(({ commandLine, environment }) => `${commandLine}\0${environment}`.includes(text));
}

function parentOf(pid: string): number | undefined {
  // The name in parentheses may hold spaces and parentheses itself.
  const fields = read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ");
  const [, parent] = fields ?? [];
  return parent === undefined ? undefined : Number(parent);
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // Ended meanwhile, or another user's.
  }
}
