import type { Build, CheckedContent } from "../../build/build.ts";
import { missText } from "../../build/cache/miss.ts";
import { byteSize } from "../byte-size.ts";
import { originText } from "../origin-text.ts";
import { type ContentOrigin, contentOf, type RunRecord } from "../record.ts";
import { inlineCode, sentence } from "../untrusted-text.ts";
import { plural } from "../verdict.ts";
import { foldedList, type Section } from "./section.ts";

const listedFiles = 200;
const listedTasks = 200;

/** What the release is, or would be, and whether it was published. */
export function releaseSection(record: RunRecord): Section | undefined {
  const { build, release, mode, origin } = record;
  const content = contentOf(record);
  if (content === undefined) return undefined;
  const rows = [
    ["Workflow", inlineCode(content.slug)],
    ["Release", releaseCell(release, mode)],
    ["Content", contentCell(content, build)],
    ...(origin === undefined ? [] : [["Build", buildCell(origin, record.startedAtMs)]]),
    ["Entry point", inlineCode(entryPoint(content))],
    ["Worker", workerCell(content, origin, build)],
    ["Digest", inlineCode(content.digest)],
    ["Fingerprint", inlineCode(content.fingerprint)],
  ];
  const table = ["| Release | |", "| --- | --- |", ...rows.map(([name, value]) => `| ${name} | ${value} |`)];
  return { name: "release", leaveOutRank: 3, markdown: table.join("\n") };
}

function releaseCell(release: RunRecord["release"], mode: RunRecord["mode"]): string {
  if (release === undefined) {
    // The reasons for not publishing are this program's own words and the event's name.
    return mode === undefined || mode.publish ? "not published" : `nothing is published because ${mode.why}`;
  }
  const how = release.outcome === "created" ? "new" : "reused";
  return `${inlineCode(release.id)} (${how})`;
}

function contentCell({ manifest, measured }: CheckedContent, build: Build | undefined): string {
  const packed = build === undefined ? "" : `, ${byteSize(build.archive.sizeBytes)} packed`;
  return `${plural(manifest.length, "file")}, ${byteSize(measured.tarSizeBytes)}${packed}`;
}

function buildCell(origin: ContentOrigin, nowMs: number): string {
  const cache = origin.kind === "built" ? ` (${missText(origin.miss)})` : "";
  return sentence(originText(origin, nowMs) + cache);
}

function workerCell(
  { tasks }: CheckedContent,
  origin: ContentOrigin | undefined,
  build: Build | undefined,
): string {
  const found = `${plural(tasks.length, "task")} found`;
  if (build === undefined || origin?.kind === "cache") {
    return `not started: ${found} when this content was built`;
  }
  return `started inside the artifact, ${found} after ${(build.measured.discoverMs / 1000).toFixed(1)} s`;
}

function entryPoint({ entrypoint }: CheckedContent): string {
  return entrypoint.kind === "runner" ? entrypoint.objectPath : entrypoint.argv.join(" ");
}

export function taskSection(record: RunRecord): Section | undefined {
  const content = contentOf(record);
  if (content === undefined) return undefined;
  const rows = content.tasks
    .slice(0, listedTasks)
    .map(({ name, version }) => `| ${inlineCode(name)} | ${inlineCode(version)} |`);
  const markdown = foldedList(
    plural(content.tasks.length, "task"),
    ["| Task | Version |", "| --- | --- |", ...rows],
    content.tasks.length - rows.length,
  );
  return { name: "tasks", leaveOutRank: 7, markdown };
}

export function fileSection(record: RunRecord): Section | undefined {
  const { manifest = [] } = contentOf(record) ?? {};
  if (manifest.length === 0) return undefined;
  const rows = manifest.slice(0, listedFiles).map((entry) => {
    const what = entry.kind === "symlink" ? `→ ${inlineCode(entry.target)}` : byteSize(entry.sizeBytes);
    return `| ${inlineCode(entry.path)} | ${what} |`;
  });
  const markdown = foldedList(
    plural(manifest.length, "file"),
    ["| File | Size |", "| --- | --- |", ...rows],
    manifest.length - rows.length,
  );
  return { name: "files", leaveOutRank: 8, markdown };
}
