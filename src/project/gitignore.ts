/** `.gitignore` files as git applies them: the deepest file decides, and in it the last pattern that matches. */
import ignore, { type Ignore } from "ignore";

/** The rules in force for the entries of one folder: its own file, and those of the folders above. */
export interface IgnoreRules {
  /** Of the folder the file lies in, from the repository's root, with a slash at its end; "" for the root itself. */
  readonly folder: string;
  readonly rules: Ignore;
  /** Ends of names: a file whose path has none of them at its end is matched by no pattern, nor is such a folder. */
  readonly fileEnds: readonly string[];
  readonly folderEnds: readonly string[];
  readonly above: IgnoreRules | undefined;
}

/** The pattern that a path is ignored by. */
export interface IgnoreMatch {
  readonly pattern: string;
  /** From the repository's root. */
  readonly file: string;
  readonly line: number;
}

/**
 * What is not in the repository does not count: neither `.git/info/exclude` nor git's core.excludesFile, which differ
 * from clone to clone, may change what a commit releases. For the same reason letters are compared as they are,
 * whatever core.ignorecase says.
 */
const options = { ignorecase: false };

export function addIgnoreFile(above: IgnoreRules | undefined, folder: string, text: string): IgnoreRules {
  const lines = text.split("\n").map((pattern, index) => ({ pattern, mark: String(index + 1) }));
  const ends = lines.flatMap(({ pattern }) => {
    const end = nameEnd(pattern);
    return end === undefined ? [] : [{ end, ofFolders: end !== "" && pattern.endsWith("/") }];
  });
  return {
    folder,
    rules: ignore(options).add(lines),
    fileEnds: [...new Set(ends.filter(({ ofFolders }) => !ofFolders).map(({ end }) => end))],
    folderEnds: [...new Set(ends.map(({ end }) => end))],
    above,
  };
}

/**
 * The library was most of the time that choosing 20,000 files took. Most have a name
 * that cannot end as any pattern does, so they are not asked about.
 *
 * @returns What is plain text at the end of a pattern, less the slash of one for folders: whatever it matches or takes back
 *   ends so. White space and escapes are not plain. undefined for a line that is no pattern: a comment, an empty one.
 */
function nameEnd(pattern: string): string | undefined {
  if (pattern === "" || pattern.startsWith("#")) return undefined;
  return /[\w.~@+,=-]*$/.exec(pattern.replace(/\/$/, ""))?.[0] ?? "";
}

/** @param path With a slash at its end for a folder, or without one for a file. */
function mayMatch(level: IgnoreRules, path: string): boolean {
  if (path.endsWith("/")) return level.folderEnds.some((end) => path.endsWith(`${end}/`));
  // Asked of every file, so without a function for each.
  for (const end of level.fileEnds) if (path.endsWith(end)) return true;
  return false;
}

/**
 * @param path From the repository's root, with a slash at the end of a folder. Its parents are not ignored:
 *   what lies in an ignored folder is never asked about, as git never looks there.
 */
export function findIgnoreMatch(deepest: IgnoreRules | undefined, path: string): IgnoreMatch | undefined {
  for (let level = deepest; level !== undefined; level = level.above) {
    if (!mayMatch(level, path)) continue;
    const result = level.rules.test(path.slice(level.folder.length));
    if (result.unignored) return undefined;
    if (result.ignored) {
      const { pattern = "", mark = "0" } = result.rule ?? {};
      return { pattern: pattern.replace(/\r$/, ""), file: `${level.folder}.gitignore`, line: Number(mark) };
    }
  }
  return undefined;
}

/**
 * The rules for what lies in a folder that is not ignored. They are the same, except where a deeper file took back
 * what one above says of the folder: the library holds everything below as ignored by the one above still, while
 * git asks again for every entry. So the one above gets a last line that takes the folder back, and no more.
 */
export function enterFolder(deepest: IgnoreRules | undefined, folder: string): IgnoreRules | undefined {
  if (deepest === undefined) return undefined;
  const above = enterFolder(deepest.above, folder);
  const own = folder.slice(deepest.folder.length);
  if (!mayMatch(deepest, folder) || !deepest.rules.test(own).ignored)
    return above === deepest.above ? deepest : { ...deepest, above };
  const takenBack = `!/${own.replace(/[\\*?[\]]/g, "\\$&")}`;
  const rules = ignore(options).add(deepest.rules).add({ pattern: takenBack });
  return { ...deepest, above, rules, fileEnds: [""], folderEnds: [""] };
}
