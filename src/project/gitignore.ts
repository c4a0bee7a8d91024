/** `.gitignore` files as git applies them: the deepest file decides, and in it the last pattern that matches. */
import ignore, { type Ignore } from "ignore";

/** The rules in force for the entries of one folder: its own file, and those of the folders above. */
export interface IgnoreRules {
  /** Of the folder the file lies in, from the repository's root, with a slash at its end; "" for the root itself. */
  readonly folder: string;
  readonly rules: Ignore;
  /** Ends of names: a file whose name has none of them at its end is matched by no pattern. */
  readonly nameEnds: readonly string[];
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
  const nameEnds = [...new Set(lines.flatMap(({ pattern }) => nameEnd(pattern) ?? []))];
  return { folder, rules: ignore(options).add(lines), nameEnds, above };
}

/**
 * The library judges a path in more than 2 us, 50 ms for 20,000 files. Most have a name that cannot end as any
 * pattern does, so they are not asked about.
 *
 * @returns undefined for a line that ignores no file by itself: a comment, an empty one, one for folders. "" where that
 *   cannot be told: escapes, white space that may count or not, and what takes something back.
 */
function nameEnd(pattern: string): string | undefined {
  if (pattern === "" || pattern.startsWith("#")) return undefined;
  if (pattern.startsWith("!") || /\\|\s$|^\uFEFF/.test(pattern)) return "";
  return pattern.endsWith("/") ? undefined : (/[\w.~@+,=-]*$/.exec(pattern)?.[0] ?? "");
}

function mayMatchFile(level: IgnoreRules, path: string): boolean {
  for (const end of level.nameEnds) if (path.endsWith(end)) return true;
  return false;
}

/**
 * @param path From the repository's root, with a slash at the end of a folder. Its parents are not ignored:
 *   what lies in an ignored folder is never asked about, as git never looks there.
 */
export function findIgnoreMatch(deepest: IgnoreRules | undefined, path: string): IgnoreMatch | undefined {
  for (let level = deepest; level !== undefined; level = level.above) {
    if (!path.endsWith("/") && !mayMatchFile(level, path)) continue;
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
  if (!deepest.rules.test(own).ignored) return above === deepest.above ? deepest : { ...deepest, above };
  const takenBack = `!/${own.replace(/[\\*?[\]]/g, "\\$&")}`;
  const rules = ignore(options).add(deepest.rules).add({ pattern: takenBack });
  return { ...deepest, above, rules, nameEnds: [""] };
}
