import { type Dirent, readdirSync, readlinkSync } from "node:fs";
import { sep } from "node:path";
import { compareUtf8 } from "../artifact/path-rules.ts";
import { isRepositoryRoot } from "./find-config.ts";
import { enterFolder, findIgnoreMatch, type IgnoreMatch, type IgnoreRules } from "./gitignore.ts";
import { firstMatch, type Glob, mayMatchBelow } from "./globs.ts";
import { outputFolderName, type SelectedFile } from "./selection.ts";
import { readIgnoreFile, type WalkPlan } from "./walk-plan.ts";

/** What a walk came across, in byte order. Paths are relative to the root; those of folders end with a slash. */
export interface WalkReport {
  readonly files: SelectedFile[];
  /** Not files, though an include pattern matches them: sockets, devices, pipes. */
  readonly special: string[];
  /** Repositories of their own: submodules and clones. */
  readonly nested: string[];
  /** What include matches, or may match below, and a .gitignore keeps out. */
  readonly ignored: { readonly path: string; readonly match: IgnoreMatch }[];
  /** Names that are not UTF-8, as text with their bytes escaped. */
  readonly undecodable: string[];
  /** Include patterns that selected something. */
  readonly usedIncludes: Set<Glob>;
  /** For an include pattern: the first path that it matched and an exclude pattern took away. */
  readonly takenAway: Map<Glob, { readonly path: string; readonly exclude: Glob }>;
  readonly usedExcludes: Set<Glob>;
  /** For an exclude pattern: the first folder that it names without matching what is in it. */
  readonly namedFolders: Map<Glob, string>;
}

/**
 * Walks the root once, synchronously, which is the fastest way in Node. Folders that are ignored, excluded as a whole,
 * or below which no include pattern can match are not read.
 */
export function walkProject(plan: WalkPlan): WalkReport {
  const report: WalkReport = {
    files: [],
    special: [],
    nested: [],
    ignored: [],
    undecodable: [],
    usedIncludes: new Set(),
    takenAway: new Map(),
    usedExcludes: new Set(),
    namedFolders: new Map(),
  };
  walkFolder(plan, report, "", plan.root, plan.rulesAbove);
  return report;
}

function walkFolder(
  plan: WalkPlan,
  report: WalkReport,
  folder: string,
  onDisk: string,
  above: IgnoreRules | undefined,
): void {
  const { entries, undecodable, hasGit, hasGitignore } = readEntries(onDisk);
  if (folder !== "" && hasGit && isRepositoryRoot(onDisk)) {
    report.nested.push(folder);
    return;
  }
  const rules =
    plan.useGitignore && hasGitignore ? readIgnoreFile(above, plan.prefix + folder, onDisk) : above;
  const isIncluded = plan.include.some(
    (glob) => glob.matchesBelow && glob.isPlain && glob.test(folder.slice(0, -1)),
  );
  for (const entry of inByteOrder(entries)) {
    const path = folder + entry.name;
    const isFolder = entry.isDirectory();
    if (isFolder && isPassedOver(plan, report, `${path}/`, entry.name, rules)) continue;
    if (!isFolder && !isIncluded && firstMatch(plan.include, path) === undefined) continue;
    if (!isFolder && !isSelected(plan, report, path, entry.name, rules)) continue;
    const escaped = undecodable.get(entry.name);
    if (escaped !== undefined) report.undecodable.push(folder + escaped);
    else if (!isFolder) take(report, entry, path, onDisk + sep + entry.name);
    else
      walkFolder(
        plan,
        report,
        `${path}/`,
        onDisk + sep + entry.name,
        enterFolder(rules, `${plan.prefix}${path}/`),
      );
  }
}

function isPassedOver(
  plan: WalkPlan,
  report: WalkReport,
  folder: string,
  name: string,
  rules: IgnoreRules | undefined,
): boolean {
  if (isGitName(name) || name === outputFolderName) return true;
  if (!plan.include.some((glob) => mayMatchBelow(glob, folder))) return true;
  const path = folder.slice(0, -1);
  for (const glob of plan.exclude) {
    if (!glob.test(path)) continue;
    if (glob.matchesBelow) {
      report.usedExcludes.add(glob);
      noteTakenAway(plan, report, path, glob, (include) => include.base.startsWith(folder));
      return true;
    }
    if (glob.namesOne && !report.namedFolders.has(glob)) report.namedFolders.set(glob, folder);
  }
  const match = findIgnoreMatch(rules, plan.prefix + folder);
  if (match !== undefined) report.ignored.push({ path: folder, match });
  return match !== undefined;
}

/** Of a file that include matches. */
function isSelected(
  plan: WalkPlan,
  report: WalkReport,
  path: string,
  name: string,
  rules: IgnoreRules | undefined,
): boolean {
  const exclude = firstMatch(plan.exclude, path);
  if (exclude !== undefined) {
    report.usedExcludes.add(exclude);
    noteTakenAway(plan, report, path, exclude, (include) => include.test(path));
    return false;
  }
  if (name === plan.archiveName || plan.outputs.has(path) || isGitName(name)) return false;
  const match = findIgnoreMatch(rules, plan.prefix + path);
  if (match !== undefined) {
    report.ignored.push({ path, match });
    return false;
  }
  if (report.usedIncludes.size < plan.include.length) {
    for (const glob of plan.include) {
      if (!report.usedIncludes.has(glob) && glob.test(path)) report.usedIncludes.add(glob);
    }
  }
  return true;
}

function isGitName(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === ".git";
}

function noteTakenAway(
  plan: WalkPlan,
  report: WalkReport,
  path: string,
  exclude: Glob,
  isHit: (include: Glob) => boolean,
): void {
  for (const include of plan.include) {
    if (!report.usedIncludes.has(include) && !report.takenAway.has(include) && isHit(include)) {
      report.takenAway.set(include, { path, exclude });
    }
  }
}

function take(report: WalkReport, entry: Dirent, path: string, source: string): void {
  if (entry.isFile()) report.files.push({ kind: "file", path, source });
  else if (entry.isSymbolicLink()) report.files.push({ kind: "symlink", path, target: readTarget(source) });
  else report.special.push(path);
}

function readTarget(source: string): string {
  const target = readlinkSync(source);
  return process.platform === "win32" ? target.replaceAll("\\", "/") : target;
}

interface FolderEntries {
  readonly entries: Dirent[];
  /** Whether one of them is called .git. */
  readonly hasGit: boolean;
  readonly hasGitignore: boolean;
  /** Names that are not UTF-8: as they were decoded, and with their bytes escaped. */
  readonly undecodable: ReadonlyMap<string, string>;
}

const allDecodable: ReadonlyMap<string, string> = new Map();

function readEntries(folder: string): FolderEntries {
  const entries = readdirSync(folder, { withFileTypes: true });
  let hasGit = false;
  let hasGitignore = false;
  let isMarked = false;
  for (const { name } of entries) {
    hasGit ||= name === ".git";
    hasGitignore ||= name === ".gitignore";
    isMarked ||= name.includes("\ufffd");
  }
  // Reading names as bytes costs twice as much, so it is done only where decoding has left its mark.
  if (!isMarked) return { entries, hasGit, hasGitignore, undecodable: allDecodable };
  const undecodable = new Map<string, string>();
  for (const bytes of readdirSync(folder, { encoding: "buffer" })) {
    const name = bytes.toString("utf8");
    if (!Buffer.from(name).equals(bytes)) undecodable.set(name, escapeBytes(bytes));
  }
  return { entries, hasGit, hasGitignore, undecodable };
}

function escapeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}

/** The order of the whole paths: what is in `a/` comes after `a.py`, because a slash comes after a dot. */
function inByteOrder(entries: Dirent[]): Dirent[] {
  const key = (entry: Dirent) => (entry.isDirectory() ? `${entry.name}/` : entry.name);
  return entries.sort((a, b) => compareUtf8(key(a), key(b)));
}
