import { readFileSync } from "node:fs";

/** User and system time of a process; NaN where /proc does not tell. */
export function cpuSeconds(pid: number): number {
  try {
    // After the name in parentheses, utime and stime are the 12th and 13th fields, in hundredths of a second.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}
