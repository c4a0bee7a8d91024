import { lstatSync } from "node:fs";
import { join, posix } from "node:path";
import type { Problem } from "../errors.ts";
import { configPosition } from "./config-position.ts";
import { quote } from "./config-rules.ts";
import { isRepositoryRoot } from "./find-config.ts";
import { enterFolder, findIgnoreMatch, type IgnoreMatch } from "./gitignore.ts";
import { firstMatch } from "./globs.ts";
import type { Project } from "./project.ts";
import { outputFolderName } from "./selection.ts";
import { planWalk, readIgnoreFile, type WalkPlan } from "./walk-plan.ts";

/** One reason why a file of the checkout is not in the artifact, with the place to change. */
export interface Absence extends Problem {
  readonly reason:
    | "not-included"
    | "excluded"
    | "ignored"
    | "nested-repository"
    | "own-output"
    | "not-a-file";
}

/**
 * Says why a path of the checkout does not enter the artifact: every reason, because each one alone keeps it out.
 *
 * @param path Relative to the project's root, with `/`.
 * @returns Nothing when there is no such path, or when it is chosen.
 */
export async function explainAbsence(project: Project, path: string): Promise<readonly Absence[]> {
  const stats = lstatSync(join(project.root, path), { throwIfNoEntry: false });
  if (stats === undefined || path === "" || path.split("/").includes("..")) return [];
  const plan = planWalk(project, []);
  const border = findBorder(plan, path);
  if (border !== undefined) return [border];
  const absences: Absence[] = [];
  if (stats.isDirectory() || !(stats.isFile() || stats.isSymbolicLink())) {
    const what = stats.isDirectory() ? "a folder" : "a socket, a pipe or a device";
    absences.push({
      reason: "not-a-file",
      message: `${path} is ${what}; an artifact holds files and symlinks.`,
    });
  }
  return [
    ...absences,
    ...(await notIncluded(project, plan, path)),
    ...(await excluded(project, plan, path)),
    ...ignored(plan, path),
  ];
}

/** What no pattern can bring in. */
function findBorder(plan: WalkPlan, path: string): Absence | undefined {
  const parents = foldersAbove(path);
  const inOutput = parents.some((folder) => posix.basename(folder) === outputFolderName);
  if (inOutput || posix.basename(path) === plan.archiveName) {
    return { reason: "own-output", message: `${path} is what a build writes, and never enters an artifact.` };
  }
  const nested = parents.find((folder) => isRepositoryRoot(join(plan.root, folder)));
  if (nested === undefined) return undefined;
  return {
    reason: "nested-repository",
    message: `${path} lies in ${nested}, a repository of its own (a submodule or a clone).`,
    hint: "copy the files into this repository",
  };
}

async function notIncluded(project: Project, plan: WalkPlan, path: string): Promise<Absence[]> {
  if (firstMatch(plan.include, path) !== undefined) return [];
  const folder = posix.dirname(path);
  const pattern = folder === "." ? path : `${folder}/**`;
  const position = await configPosition(project, ["build", "include"]);
  const message = `No include pattern matches ${path}.`;
  return [{ ...position, reason: "not-included", message, hint: `add ${quote(pattern)} to include` }];
}

async function excluded(project: Project, plan: WalkPlan, path: string): Promise<Absence[]> {
  const absences: Absence[] = [];
  for (const [index, glob] of plan.exclude.entries()) {
    if (!glob.test(path)) continue;
    const position = await configPosition(project, ["build", "exclude", index]);
    const message = `${path} is excluded by ${quote(glob.source)}.`;
    absences.push({ ...position, reason: "excluded", message, hint: "narrow the pattern" });
  }
  return absences;
}

function ignored(plan: WalkPlan, path: string): Absence[] {
  if (!plan.useGitignore) return [];
  const match = plan.rootIgnored ?? findIgnoring(plan, path);
  if (match === undefined) return [];
  const { file, line, pattern } = match;
  const message = `${path} is ignored by ${quote(pattern)} in ${file}.`;
  return [
    { reason: "ignored", file, line, message, hint: "change the pattern, or set use_gitignore = false" },
  ];
}

function findIgnoring(plan: WalkPlan, path: string): IgnoreMatch | undefined {
  let rules = readIgnoreFile(plan.rulesAbove, plan.prefix, plan.root);
  for (const folder of foldersAbove(path)) {
    const inRepository = `${plan.prefix}${folder}/`;
    const match = findIgnoreMatch(rules, inRepository);
    if (match !== undefined) return match;
    rules = readIgnoreFile(enterFolder(rules, inRepository), inRepository, join(plan.root, folder));
  }
  return findIgnoreMatch(rules, plan.prefix + path);
}

/** `a` and `a/b` for `a/b/c`. */
function foldersAbove(path: string): string[] {
  const names = path.split("/");
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join("/"));
}
