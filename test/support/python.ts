/** Runs Python, the second opinion of tests: from PATH, or the one that uv finds. */
import { spawnSync } from "node:child_process";

const candidates = [["python3"], ["python"], ["uv", "run", "--no-project", "--quiet", "python"]] as const;
let found: readonly string[] | undefined;

/** What the program printed. It gets its arguments as sys.argv[1:], and reads and prints UTF-8. */
export function runPython(program: string, args: readonly string[] = []): string {
  found ??= candidates.find(
    ([command = "", ...rest]) => spawnSync(command, [...rest, "--version"]).status === 0,
  );
  if (found === undefined) throw new Error("Neither python3, python nor uv runs here.");
  const [command = "", ...rest] = found;
  const result = spawnSync(command, [...rest, "-X", "utf8", "-c", program, ...args], {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (result.status !== 0) throw new Error(`Python failed: ${result.error?.message ?? result.stderr}`);
  return result.stdout;
}
