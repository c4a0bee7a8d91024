import type { Traceback } from "../../jobs/tracebacks.ts";

const installed = /[/\\](?:site|dist)-packages[/\\]/;

/**
 * Where a runner on another machine has unpacked the release, as far as its tracebacks tell: the folder in
 * which most of their files are files of the release. A runner of ours has the digest in its folder's name,
 * which decides where a file of Python's own has the name of one of the project's.
 *
 * @returns "" when no traceback names a file of the release
 */
export function releaseFolder(
  tracebacks: readonly Pick<Traceback, "frames">[],
  files: readonly string[],
  digest: string,
): string {
  const packed = new Set(files);
  const counts = new Map<string, number>();
  for (const { file } of tracebacks.flatMap(({ frames }) => frames)) {
    const folder = installed.test(file) ? undefined : folderOf(file, packed);
    if (folder !== undefined)
      counts.set(folder, (counts.get(folder) ?? 0) + (folder.includes(digest) ? 1_000 : 1));
  }
  const [most] = [...counts].toSorted(([, one], [, other]) => other - one);
  return most?.[0] ?? "";
}

/** The longest end of the path that is a file of the release, taken off. */
function folderOf(file: string, packed: ReadonlySet<string>): string | undefined {
  const parts = file.split(/[/\\]/);
  for (let first = 1; first < parts.length; first++) {
    const end = parts.slice(first).join("/");
    if (packed.has(end)) return file.slice(0, file.length - end.length - 1);
  }
  return undefined;
}
