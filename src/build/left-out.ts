import { stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";

/** Where Python projects keep their top packages, relative to [workflow] root. */
const sourceRoots = ["", "src", "lib", "python"];

/** Looks for files in the checkout that are not in the artifact. */
export interface LeftOutSearch {
  /** [workflow] root of the checkout. */
  readonly checkout: string;
  /** The unpacked artifact. */
  readonly artifact: string;
  /** The artifact's paths. */
  readonly packed: ReadonlySet<string>;
}

/** The file of a module (`a.b`) that the checkout has and the artifact has not; relative to root, with `/`. */
export async function leftOutModule(search: LeftOutSearch, module: string): Promise<string | undefined> {
  const steps = module.split(".");
  if (steps.some((step) => !/^\w+$/.test(step))) return undefined;
  for (const root of sourceRoots) {
    const base = [...(root === "" ? [] : [root]), ...steps].join("/");
    for (const path of [`${base}/__init__.py`, `${base}.py`]) {
      const found = await leftOutFile(search, path);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The same for a path as Python names it: absolute in the unpacked artifact, or relative to it. */
export async function leftOutFile(search: LeftOutSearch, named: string): Promise<string | undefined> {
  const path = pathInArtifact(search.artifact, named);
  if (path === undefined || path === "" || search.packed.has(path)) return undefined;
  const found = await stat(join(search.checkout, path)).catch(() => undefined);
  return found?.isFile() === true ? path : undefined;
}

/** Relative to the artifact, with `/`; undefined for a path outside it and for one in its environment. */
export function pathInArtifact(artifact: string, named: string): string | undefined {
  const path = relative(artifact, resolve(artifact, named)).split(sep).join("/");
  if (path.startsWith("../") || path === ".." || path.startsWith(".venv/") || resolve(path) === path)
    return undefined;
  return path;
}
