import type { ContentChanges } from "../build/cached-build.ts";
import type { ContentOrigin } from "./record.ts";
import { oneLine } from "./untrusted-text.ts";
import { plural } from "./verdict.ts";

const listedPaths = 5;

/** Why the run built its content, or did not: one sentence, without a full stop. The paths in it are the project's. */
export function originText(origin: ContentOrigin, nowMs: number): string {
  switch (origin.kind) {
    case "release": {
      const { id, publishedAtMs } = origin.release;
      const when = publishedAtMs === undefined ? "" : ` published ${timeAgo(nowMs - publishedAtMs)}`;
      return `reused: same content as release ${id}${when}`;
    }
    case "cache":
      return `reused: from the cache, built ${timeAgo(nowMs - origin.builtAtMs)}`;
    case "built":
      return origin.changes === undefined ? "built" : `rebuilt: ${changesText(origin.changes)}`;
  }
}

function changesText({ added, changed, removed, since }: ContentChanges): string {
  const then = since.kind === "release" ? `release ${since.id}` : "the last build";
  const parts = [
    ...(changed.length > 0 ? [`${plural(changed.length, "file")} changed`] : []),
    ...(added.length > 0 ? [`${added.length} added`] : []),
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
  ];
  if (parts.length === 0) return `the same files as in ${then}, but not the same environment or entry point`;
  const paths = [...changed, ...added, ...removed];
  const more = paths.length > listedPaths ? ` and ${paths.length - listedPaths} more` : "";
  const named = oneLine(paths.slice(0, listedPaths).join(", "));
  return `${parts.join(", ")} since ${then}: ${named}${more}`;
}

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

function timeAgo(ms: number): string {
  for (const [unit, unitMs] of units) {
    if (ms >= unitMs) return `${plural(Math.floor(ms / unitMs), unit)} ago`;
  }
  return "just now";
}
