/**
 * Kills a worker and everything it started, at once and for good.
 *
 * Everywhere but on Windows: the process group that the worker leads. On Linux also every process
 * that still carries the worker's marker in its environment, which finds children that left the group
 * (setsid, double fork); a child that also replaced its environment is out of reach, and so is on
 * macOS every child that left the group. On Windows: the tree as taskkill sees it, by parent ids.
 *
 * The watchdog runs this function's text in a process of its own, so it may use nothing from around it.
 */
export function killProcessTree(leader: number, marker: string): void {
  const fs = process.getBuiltinModule("node:fs");
  if (process.platform === "win32") {
    const { spawnSync } = process.getBuiltinModule("node:child_process");
    spawnSync("taskkill", ["/PID", String(leader), "/T", "/F"], { stdio: "ignore", windowsHide: true });
    return;
  }
  const kill = (target: number): void => {
    try {
      process.kill(target, "SIGKILL");
    } catch {
      // It is gone already.
    }
  };
  const carriesMarker = (pid: string): boolean => {
    try {
      return fs.readFileSync(`/proc/${pid}/environ`).includes(marker);
    } catch {
      return false; // Ended meanwhile, or another user's.
    }
  };
  kill(-leader);
  if (process.platform !== "linux") return;
  // A process that forks while it is being killed leaves a child behind: until a look finds none.
  for (let looks = 0; looks < 100; looks++) {
    const left = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name) && carriesMarker(name));
    if (left.length === 0) return;
    for (const pid of left) kill(Number(pid));
  }
}
