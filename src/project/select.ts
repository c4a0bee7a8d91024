import { statSync } from "node:fs";
import { join, posix } from "node:path";
import { createPathLedger, isFolded, linkFlaw, pathFlaw } from "../artifact/path-rules.ts";
import { type Problem, UserError } from "../errors.ts";
import { configPosition } from "./config-position.ts";
import { quote } from "./config-rules.ts";
import type { IgnoreMatch } from "./gitignore.ts";
import type { Glob } from "./globs.ts";
import type { Project } from "./project.ts";
import type { SelectedFile, Selection } from "./selection.ts";
import { findTrackedIgnored } from "./tracked-ignored.ts";
import { type WalkReport, walkProject } from "./walk.ts";
import { planWalk, type WalkPlan } from "./walk-plan.ts";

/**
 * Chooses the files of the artifact: what [build] include matches, less what exclude matches, less what .gitignore files
 * ignore, less what we write ourselves.
 *
 * @param outputs Absolute paths of files that the build writes, besides the archive: what a build left must not change
 *   the next one, wherever it was told to write.
 * @throws UserError files-invalid, with every file that cannot go into an artifact and every include pattern that
 *   selects nothing
 */
export async function selectFiles(project: Project, outputs: readonly string[] = []): Promise<Selection> {
  const plan = planWalk(project, outputs);
  if (plan.rootIgnored !== undefined) throw rootIgnored(project, plan.rootIgnored);
  const report = walk(plan);
  const problems = [...(await unusedIncludes(project, plan, report)), ...fileProblems(plan, report)];
  if (problems.length > 0) {
    const count = problems.length === 1 ? "is one problem" : `are ${problems.length} problems`;
    throw new UserError("files-invalid", `There ${count} with the files of ${project.slug}.`, { problems });
  }
  const tracked = await findTrackedIgnored(plan, report);
  return { files: report.files, notices: [...walkNotices(report), ...trackedNotice(tracked)] };
}

function walk(plan: WalkPlan): WalkReport {
  try {
    return walkProject(plan);
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && "path" in cause)) throw cause;
    throw new UserError("files-invalid", `${cause.path} cannot be read: ${cause.code}.`, { cause });
  }
}

function rootIgnored(project: Project, match: IgnoreMatch): UserError {
  const { file, line, pattern } = match;
  const message = `[workflow] root lies in a folder that ${quote(pattern)} ignores.`;
  const hint = "change the pattern, or set use_gitignore = false";
  const summary = `No file of ${project.slug} can be chosen.`;
  return new UserError("files-invalid", summary, { problems: [{ file, line, message, hint }] });
}

/** A pattern that selects nothing is a typing error or a file that is missing, and is found now or by nobody. */
async function unusedIncludes(project: Project, plan: WalkPlan, report: WalkReport): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [index, glob] of plan.include.entries()) {
    if (report.usedIncludes.has(glob)) continue;
    const position = await configPosition(project, ["build", "include", index]);
    problems.push({ ...position, ...explainUnused(plan, report, glob) });
  }
  return problems;
}

function explainUnused(plan: WalkPlan, report: WalkReport, glob: Glob): { message: string; hint: string } {
  const named = `include ${quote(glob.source)} selects no file`;
  const taken = report.takenAway.get(glob);
  if (taken !== undefined) {
    return {
      message: `${named}: ${taken.path} is excluded by ${quote(taken.exclude.source)}.`,
      hint: "change one of the two patterns",
    };
  }
  const ignored = report.ignored.find(({ path }) =>
    path.endsWith("/") ? glob.base.startsWith(path) : glob.test(path),
  );
  if (ignored !== undefined) {
    const { pattern, file, line } = ignored.match;
    return {
      message: `${named}: ${ignored.path} is ignored by ${quote(pattern)} in ${file}, line ${line}.`,
      hint: "change the pattern there, or set use_gitignore = false",
    };
  }
  if (statSync(join(plan.root, glob.source), { throwIfNoEntry: false })?.isDirectory() === true) {
    return { message: `${named}: it names a folder.`, hint: `write ${quote(`${glob.source}/**`)}` };
  }
  return { message: `${named}.`, hint: "correct it, or remove it" };
}

function fileProblems(plan: WalkPlan, report: WalkReport): Problem[] {
  const problems: Problem[] = [];
  const reject = (path: string, flaw: string, hint: string) => {
    problems.push({ file: plan.prefix + path, message: `${path} ${flaw}.`, hint });
  };
  for (const path of report.undecodable) {
    reject(path, "has a name that is not UTF-8", "rename it, or exclude it");
  }
  // A folder has no name twice. To remember all of 20,000 names takes as long as to find them.
  const ledger = report.files.every(({ path }) => isFolded(path)) ? undefined : createPathLedger();
  for (const file of report.files) {
    const flaw = pathFlaw(file.path) ?? ledger?.add(file.path);
    if (flaw !== undefined) reject(file.path, flaw, "rename it, or exclude it");
    const link = file.kind === "symlink" ? linkFlaw(file.path, file.target) : undefined;
    if (link !== undefined) {
      reject(
        file.path,
        link,
        "point it at a file inside the root by the shortest relative path, or exclude it",
      );
    }
  }
  return problems;
}

function walkNotices(report: WalkReport): string[] {
  const notices = [
    ...report.nested.map(
      (folder) => `${folder} is a repository of its own (a submodule or a clone) and stays out.`,
    ),
    ...report.special.map((path) => `${path} is a socket, a pipe or a device and stays out.`),
  ];
  for (const [glob, folder] of report.namedFolders) {
    if (report.usedExcludes.has(glob)) continue;
    notices.push(
      `exclude ${quote(glob.source)} matches the folder ${folder} but no file; write ${quote(`${glob.source}/**`)} to exclude what is in it.`,
    );
  }
  return [...notices, ...danglingLinks(report.files)];
}

function danglingLinks(files: readonly SelectedFile[]): string[] {
  const links = files.filter((file) => file.kind === "symlink");
  if (links.length === 0) return [];
  const there = new Set<string>([""]);
  for (const { path } of files) {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      there.add(path.slice(0, slash));
    }
    there.add(path);
  }
  return links
    .filter(({ path, target }) => {
      const end = posix.join(posix.dirname(path), target).replace(/^\.?\/?$|\/$/, "");
      // Through another link, which has a notice of its own when it leads nowhere.
      return !there.has(end) && !links.some((link) => end.startsWith(`${link.path}/`));
    })
    .map(({ path, target }) => `${path} is a symlink to ${target}, which is not in the artifact.`);
}

function trackedNotice(paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const shown = paths.slice(0, 10).join(", ");
  const more = paths.length > 10 ? ` and ${paths.length - 10} more` : "";
  const subject =
    paths.length === 1 ? "One file that git tracks stays" : `${paths.length} files that git tracks stay`;
  return [
    `${subject} out because a .gitignore ignores ${paths.length === 1 ? "it" : "them"}: ${shown}${more}.`,
  ];
}
