import { firstMatch } from "./globs.ts";
import type { WalkReport } from "./walk.ts";
import type { WalkPlan } from "./walk-plan.ts";

/**
 * The files that git tracks and a .gitignore ignores, among those that include and exclude choose: relative to the root.
 * They stay out, as an ignored file does, but whoever committed them may expect otherwise.
 *
 * git is asked only where something chosen is ignored, which in a fresh clone is nothing but such files. Where git
 * does not answer (not installed, a foreign owner, no repository) there is nothing to tell.
 */
export async function findTrackedIgnored(plan: WalkPlan, report: WalkReport): Promise<readonly string[]> {
  if (report.ignored.length === 0) return [];
  const { execFile } = await import("node:child_process");
  const args = ["ls-files", "-z", "--cached", "--ignored", "--exclude-per-directory=.gitignore"];
  const tracked = await new Promise<readonly string[]>((resolve) => {
    execFile("git", args, { cwd: plan.root, maxBuffer: 256 * 1024 * 1024 }, (error, stdout) =>
      resolve(error === null ? stdout.split("\0").slice(0, -1) : []),
    );
  });
  return tracked.filter(
    (path) => firstMatch(plan.include, path) !== undefined && firstMatch(plan.exclude, path) === undefined,
  );
}
