import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { UserError } from "../errors.ts";

export const configFileName = "tilebox.workflow.toml";

export interface ConfigPlace {
  /** Absolute; no folder in it is a symlink. */
  readonly configPath: string;
  /** Absolute path of the git work tree, or the configuration's folder outside git. */
  readonly repositoryRoot: string;
}

/**
 * Looks for tilebox.workflow.toml in a folder and then in each folder above it, up to the root of the git
 * work tree; outside git, up to the root of the file system. A repository inside another one is a border:
 * its own files never configure the outer one, nor the other way round.
 *
 * @throws UserError config-not-found
 */
export function findConfig(startFolder: string): ConfigPlace {
  const start = realFolder(startFolder);
  for (let folder = start; ; folder = dirname(folder)) {
    const configPath = join(folder, configFileName);
    if (statSync(configPath, { throwIfNoEntry: false })?.isFile()) {
      return { configPath, repositoryRoot: findRepositoryRoot(folder) ?? folder };
    }
    if (isRepositoryRoot(folder) || dirname(folder) === folder) {
      throw new UserError(
        "config-not-found",
        `There is no ${configFileName} in ${start}${folder === start ? "" : ` or in a folder above it, up to ${folder}`}.`,
      );
    }
  }
}

function realFolder(startFolder: string): string {
  const stats = statSync(startFolder, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new UserError("config-not-found", `The folder ${startFolder} does not exist.`);
  if (!stats.isDirectory()) throw new UserError("config-not-found", `${startFolder} is not a folder.`);
  return realpathSync(startFolder);
}

function findRepositoryRoot(inside: string): string | undefined {
  for (let folder = inside; ; folder = dirname(folder)) {
    if (isRepositoryRoot(folder)) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** `.git` is a folder with HEAD in a clone, and a file in a linked work tree or a submodule. */
export function isRepositoryRoot(folder: string): boolean {
  const git = statSync(join(folder, ".git"), { throwIfNoEntry: false });
  return git !== undefined && (git.isFile() || existsSync(join(folder, ".git", "HEAD")));
}

/** A path as a person and a GitHub annotation name it: from the repository's root, with `/`. */
export function pathInRepository(repositoryRoot: string, path: string): string {
  return relative(repositoryRoot, path).split(sep).join("/");
}
