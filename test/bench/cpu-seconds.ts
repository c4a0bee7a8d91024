import { readFileSync } from "node:fs";

/** User and system time of a process; NaN where /proc does not tell. */
export function cpuSeconds(pid: number): number {
  const [user = Number.NaN, system = Number.NaN] = statOf(pid);
  return (user + system) / 100;
}

/** Of a server with a process for each connection: its own time, that of its processes, and of those that ended. */
export function familyCpuSeconds(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    const living = children
      .map((child) => cpuSeconds(Number(child)))
      .filter((seconds) => !Number.isNaN(seconds));
    const own = statOf(pid).reduce((sum, ticks) => sum + ticks, 0) / 100;
    return living.reduce((sum, seconds) => sum + seconds, own);
  } catch {
    return Number.NaN;
  }
}

/** utime, stime, and the same of children that ended, in hundredths of a second; empty where /proc does not tell. */
function statOf(pid: number): number[] {
  try {
    // After the name in parentheses they are the 12th to 15th fields.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return fields.slice(11, 15).map(Number);
  } catch {
    return [];
  }
}
