import picomatch from "picomatch/posix.js";

/** A pattern of [build] include or exclude, ready to be asked about paths relative to the root. */
export interface Glob {
  /** As written. */
  readonly source: string;
  /** The folder that every match lies in, with a slash at its end; "" for the root. A pattern without globs is its own. */
  readonly base: string;
  /** Whether all below a folder matches because the folder does. */
  readonly matchesBelow: boolean;
  /** Whether it is made of plain text and stars alone: then nothing in it can take back what `matchesBelow` says. */
  readonly isPlain: boolean;
  /** Whether its last part is a plain name. */
  readonly namesOne: boolean;
  test(path: string): boolean;
}

/**
 * `**` may match nothing and names may begin with a dot: the artifact has a reader that is no shell. Letters are
 * compared as they are, on every system. A path also matches the pattern that is written just like it. The flag lets
 * wildcards match line ends, so that a name with one is an error later and not passed over here.
 */
export function compileGlob(source: string): Glob {
  let pattern: RegExp | undefined;
  // Made when a path is first held against it, which for many patterns is never: the first ones take a millisecond each.
  const expression = () => {
    pattern ??= picomatch.makeRe(source, { dot: true, strictBrackets: true, flags: "s" });
    return pattern;
  };
  const scanned = picomatch.scan(source);
  // An escaped base is not the text of a path; searching from the root is only slower.
  const base = scanned.base.includes("\\") ? "" : scanned.base;
  // "++" matches "+": of what is not plain text, only the expression knows what it stands for.
  const start = /^[\w./-]*$/.test(base) ? base : "";
  const end = /[\w.-]*$/.exec(source)?.[0] ?? "";
  const isPlain = /^[\w./*-]*$/.test(source);
  const isName = (part: string) => !part.includes("*") && part !== ".";
  const name = (isPlain && source.split("/").find(isName)) || "";
  return {
    source,
    base: base === "" ? "" : `${base}/`,
    matchesBelow: source.endsWith("/**"),
    isPlain,
    namesOne: !picomatch.scan(source.slice(source.lastIndexOf("/") + 1)).isGlob,
    // Most paths are decided by their beginning, their end or a name that has to be in them, without the expression.
    test: (path) =>
      path === source ||
      (path.endsWith(end) && path.startsWith(start) && path.includes(name) && expression().test(path)),
  };
}

/** @param folder With a slash at its end. */
export function mayMatchBelow(glob: Glob, folder: string): boolean {
  return glob.base.startsWith(folder) || folder.startsWith(glob.base);
}

export function firstMatch(globs: readonly Glob[], path: string): Glob | undefined {
  for (const glob of globs) if (glob.test(path)) return glob;
  return undefined;
}
