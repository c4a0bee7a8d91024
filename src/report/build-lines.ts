import type { Build } from "../build/build.ts";
import { byteSize } from "./byte-size.ts";
import { oneLine } from "./untrusted-text.ts";
import { plural } from "./verdict.ts";

/** What fits a terminal's height; build.json and the job summary have the rest. */
const listed = 20;

/** What a build holds, as lines of text: its files and its tasks. */
export function buildLines({ manifest, tasks, measured, archive }: Build): string[] {
  const sizes = manifest.map((entry) =>
    entry.kind === "symlink" ? `-> ${entry.target}` : byteSize(entry.sizeBytes),
  );
  const width = Math.max(...sizes.slice(0, listed).map((text) => text.length));
  const total = `${byteSize(measured.tarSizeBytes)}, ${byteSize(archive.sizeBytes)} packed`;
  return [
    `${plural(manifest.length, "file")}, ${total}:`,
    ...list(manifest.map(({ path }, index) => `${sizes[index]?.padStart(width)}  ${path}`)),
    `${plural(tasks.length, "task")}:`,
    ...list(tasks.map(({ name, version }) => `${name} ${version}`)),
  ];
}

function list(entries: readonly string[]): string[] {
  const lines = entries.slice(0, listed).map((entry) => `  ${oneLine(entry)}`);
  return entries.length > listed ? [...lines, `  and ${entries.length - listed} more`] : lines;
}
