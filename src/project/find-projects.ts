import { readdirSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import picomatch from "picomatch/posix.js";
import { type Problem, UserError } from "../errors.ts";
import { configFileName } from "./find-config.ts";
import { enterFolder, findIgnoreMatch, type IgnoreRules } from "./gitignore.ts";
import { compileGlob, type Glob, mayMatchBelow } from "./globs.ts";
import { readIgnoreFile } from "./walk-plan.ts";

/** A folder to build from. */
export interface ProjectPlace {
  /** As a person types it in the checkout. */
  readonly path: string;
  /** Absolute. */
  readonly folder: string;
}

/**
 * The projects that a run is about: each entry is a folder, in or above which a project lies, or a glob for folders that
 * have a tilebox.workflow.toml. Folders that a .gitignore ignores are not looked into. Each place is listed once, those
 * of one glob in byte order.
 *
 * @param workspace Absolute: the checkout.
 * @throws UserError input-invalid with every glob that matches nothing
 */
export function findProjects(entries: readonly string[], workspace: string): ProjectPlace[] {
  const problems: Problem[] = [];
  const places = new Map<string, ProjectPlace>();
  for (const entry of entries) {
    const found = isGlob(entry) ? matchingFolders(entry, workspace) : [entry];
    if (found.length === 0) {
      problems.push({
        message: `project: ${JSON.stringify(entry)} matches no folder that has a ${configFileName}`,
        hint: "correct the pattern, or add the file",
      });
    }
    for (const path of found) {
      const folder = resolve(workspace, path);
      if (!places.has(folder)) places.set(folder, { path, folder });
    }
  }
  if (problems.length > 0) throw new UserError("input-invalid", "There is no such project", { problems });
  return [...places.values()];
}

function isGlob(entry: string): boolean {
  return picomatch.scan(entry).isGlob;
}

function matchingFolders(pattern: string, workspace: string): string[] {
  const glob = compileGlob(pattern.replace(/^\.\//, "").replace(/\/$/, ""));
  const found: string[] = [];
  walk(glob, workspace, "", undefined, found);
  return found.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function walk(
  glob: Glob,
  onDisk: string,
  folder: string,
  above: IgnoreRules | undefined,
  found: string[],
): void {
  const rules = readIgnoreFile(above, folder, onDisk);
  for (const entry of readdirSync(onDisk, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === ".git") continue;
    const path = folder + entry.name;
    if (!mayMatchBelow(glob, `${path}/`) && glob.base !== `${path}/`) continue;
    if (findIgnoreMatch(rules, `${path}/`) !== undefined) continue;
    const place = onDisk + sep + entry.name;
    if (glob.test(path) && statSync(join(place, configFileName), { throwIfNoEntry: false })?.isFile()) {
      found.push(path);
    }
    walk(glob, place, `${path}/`, enterFolder(rules, `${path}/`), found);
  }
}
