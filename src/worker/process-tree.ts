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
export async function killProcessTree(leader: number, marker: string): Promise<void> {
  const fs = process.getBuiltinModule("node:fs");
  const timers = process.getBuiltinModule("node:timers/promises");
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
  const read = (path: string): string => {
    try {
      return fs.readFileSync(path, "latin1");
    } catch {
      return ""; // Ended meanwhile, or another user's.
    }
  };
  /** In clock ticks since boot; field 22, after a name in parentheses that may hold anything. */
  const startOf = (pid: string): number =>
    Number(read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ")[19]);
  const look = (): { readonly marked: number[]; readonly unclear: boolean } => {
    const marked: number[] = [];
    let unclear = false;
    for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const environment = read(`/proc/${pid}/environ`);
      if (environment.includes(marker)) marked.push(Number(pid));
      // In the middle of an exec a process has memory, but no environment yet. None older than us is a worker's.
      else if (environment === "" && /^[1-9]/.test(read(`/proc/${pid}/statm`)))
        unclear ||= startOf(pid) >= startOf("self");
    }
    return { marked, unclear };
  };
  kill(-leader);
  if (process.platform !== "linux" || !fs.existsSync("/proc/self/environ")) return;
  // A process that forks while it is being killed leaves a child behind: until two looks find none.
  // The limit is for processes that cannot be killed now, and for those that never had an environment.
  for (let looks = 0, clean = 0; looks < 30 && clean < 2; looks++) {
    const { marked, unclear } = look();
    for (const pid of marked) kill(pid);
    clean = marked.length === 0 && !unclear ? clean + 1 : 0;
    if (clean === 0) await timers.setTimeout(2);
  }
}
