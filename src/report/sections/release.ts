import type { Build } from "../../build/build.ts";
import { byteSize } from "../byte-size.ts";
import type { RunRecord } from "../record.ts";
import { inlineCode } from "../untrusted-text.ts";
import { plural } from "../verdict.ts";
import { foldedList, type Section } from "./section.ts";

const listedFiles = 200;
const listedTasks = 200;

/** What the release is, or would be, and whether it was published. */
export function releaseSection({ build, release, mode }: RunRecord): Section | undefined {
  if (build === undefined) return undefined;
  const rows = [
    ["Workflow", inlineCode(build.slug)],
    ["Release", releaseCell(release, mode)],
    ["Content", contentCell(build)],
    ["Entry point", inlineCode(entryPoint(build))],
    ["Worker", `started inside the artifact, ${plural(build.tasks.length, "task")} found ${after(build)}`],
    ["Artifact digest", inlineCode(build.digest)],
    ["Fingerprint", inlineCode(build.fingerprint)],
  ];
  const table = ["| Release | |", "| --- | --- |", ...rows.map(([name, value]) => `| ${name} | ${value} |`)];
  return { name: "release", leaveOutRank: 3, markdown: table.join("\n") };
}

function releaseCell(release: RunRecord["release"], mode: RunRecord["mode"]): string {
  if (release === undefined) {
    // The reasons for not publishing are this program's own words and the event's name.
    return mode === undefined || mode.publish ? "not published" : `nothing is published because ${mode.why}`;
  }
  const how = release.outcome === "created" ? "new" : "reused: this content was published before";
  return `${inlineCode(release.id)} (${how})`;
}

function contentCell({ manifest, measured, archive }: Build): string {
  return `${plural(manifest.length, "file")}, ${byteSize(measured.tarSizeBytes)}, ${byteSize(archive.sizeBytes)} packed`;
}

function entryPoint({ entrypoint }: Build): string {
  return entrypoint.kind === "runner" ? entrypoint.objectPath : entrypoint.argv.join(" ");
}

function after({ measured }: Build): string {
  return `after ${(measured.discoverMs / 1000).toFixed(1)} s`;
}

export function taskSection({ build }: RunRecord): Section | undefined {
  if (build === undefined) return undefined;
  const rows = build.tasks
    .slice(0, listedTasks)
    .map(({ name, version }) => `| ${inlineCode(name)} | ${inlineCode(version)} |`);
  const markdown = foldedList(
    plural(build.tasks.length, "task"),
    ["| Task | Version |", "| --- | --- |", ...rows],
    build.tasks.length - rows.length,
  );
  return { name: "tasks", leaveOutRank: 7, markdown };
}

export function fileSection({ build }: RunRecord): Section | undefined {
  if (build === undefined || build.manifest.length === 0) return undefined;
  const rows = build.manifest.slice(0, listedFiles).map((entry) => {
    const what = entry.kind === "symlink" ? `→ ${inlineCode(entry.target)}` : byteSize(entry.sizeBytes);
    return `| ${inlineCode(entry.path)} | ${what} |`;
  });
  const markdown = foldedList(
    plural(build.manifest.length, "file"),
    ["| File | Size |", "| --- | --- |", ...rows],
    build.manifest.length - rows.length,
  );
  return { name: "files", leaveOutRank: 8, markdown };
}
