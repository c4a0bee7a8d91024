import { lstatSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pathInRepository } from "./find-config.ts";
import {
  addIgnoreFile,
  enterFolder,
  findIgnoreMatch,
  type IgnoreMatch,
  type IgnoreRules,
} from "./gitignore.ts";
import { compileGlob, type Glob } from "./globs.ts";
import type { Project } from "./project.ts";
import { archiveName } from "./selection.ts";

/** What a walk needs to know of a project. */
export interface WalkPlan {
  /** Absolute. */
  readonly root: string;
  /** From the repository's root to `root`, with a slash at its end; "" when they are the same. */
  readonly prefix: string;
  readonly archiveName: string;
  /** Relative to `root`. */
  readonly outputs: ReadonlySet<string>;
  readonly include: readonly Glob[];
  readonly exclude: readonly Glob[];
  /** Whether .gitignore files count. */
  readonly useGitignore: boolean;
  /** Those of the folders above the root. */
  readonly rulesAbove: IgnoreRules | undefined;
  /** The pattern that ignores the root itself, or a folder above it. */
  readonly rootIgnored: IgnoreMatch | undefined;
}

/** @param outputs Absolute paths of files that never enter. */
export function planWalk(project: Project, outputs: readonly string[]): WalkPlan {
  const path = pathInRepository(project.repositoryRoot, project.root);
  const { rules, match } = project.useGitignore ? readRulesAbove(project.repositoryRoot, path) : nothingAbove;
  return {
    root: project.root,
    prefix: path === "" ? "" : `${path}/`,
    archiveName: archiveName(project.slug),
    outputs: new Set(outputs.map((output) => relative(project.root, output).split(sep).join("/"))),
    include: project.include.map(compileGlob),
    exclude: project.exclude.map(compileGlob),
    useGitignore: project.useGitignore,
    rulesAbove: rules,
    rootIgnored: match,
  };
}

interface RulesAbove {
  readonly rules: IgnoreRules | undefined;
  readonly match: IgnoreMatch | undefined;
}

const nothingAbove: RulesAbove = { rules: undefined, match: undefined };

/** Goes down from the repository's root to, but not into, the folder at `path`. */
function readRulesAbove(repositoryRoot: string, path: string): RulesAbove {
  let rules: IgnoreRules | undefined;
  let folder = "";
  for (const name of path === "" ? [] : path.split("/")) {
    rules = readIgnoreFile(rules, folder, join(repositoryRoot, folder));
    folder += `${name}/`;
    const match = findIgnoreMatch(rules, folder);
    if (match !== undefined) return { rules, match };
    rules = enterFolder(rules, folder);
  }
  return { rules, match: undefined };
}

/**
 * Adds a folder's own .gitignore, if it has one. One that is a symlink does not count: git does not follow it either.
 *
 * @param folder From the repository's root, with a slash at its end; "" for the root itself.
 */
export function readIgnoreFile(
  above: IgnoreRules | undefined,
  folder: string,
  onDisk: string,
): IgnoreRules | undefined {
  const file = join(onDisk, ".gitignore");
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return above;
  return addIgnoreFile(above, folder, readFileSync(file, "utf8"));
}
