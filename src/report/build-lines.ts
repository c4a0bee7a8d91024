import type { Build } from "../build/build.ts";
import { byteSize } from "./byte-size.ts";
import { oneLine } from "./untrusted-text.ts";
import { plural } from "./verdict.ts";

/** What fits a terminal's height; build.json and the job summary have the rest. */
const listed = 20;

/** What a build holds, as lines of text: its files and its tasks. */
export function buildLines({ manifest, tasks, measured, archive }: Build): string[] {
  const files = manifest.slice(0, listed).map((entry) => ({
    path: entry.path,
    size: entry.kind === "symlink" ? `-> ${entry.target}` : byteSize(entry.sizeBytes),
  }));
  const width = Math.max(...files.map(({ size }) => size.length));
  const total = `${byteSize(measured.tarSizeBytes)}, ${byteSize(archive.sizeBytes)} packed`;
  return [
    `${plural(manifest.length, "file")}, ${total}:`,
    ...list(
      files.map(({ path, size }) => `${size.padStart(width)}  ${path}`),
      manifest.length,
    ),
    `${plural(tasks.length, "task")}:`,
    ...list(
      tasks.slice(0, listed).map(({ name, version }) => `${name} ${version}`),
      tasks.length,
    ),
  ];
}

/** @param count Of all, most of which `first` may not have. */
function list(first: readonly string[], count: number): string[] {
  const lines = first.map((entry) => `  ${oneLine(entry)}`);
  return count > listed ? [...lines, `  and ${count - listed} more`] : lines;
}
