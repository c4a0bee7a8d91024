import type { RunRecord } from "./record.ts";
import { leaveOutUntil, type Section } from "./sections/section.ts";
import { sectionsOf } from "./sections/sections.ts";
import { headline } from "./verdict.ts";

/** GitHub drops a whole step summary above 1 MiB (1,048,576 bytes); what other writers of the step need stays free. */
export const summaryLimitBytes = 900_000;

/** The job summary in GitHub's Markdown: the verdict, then the sections, whole ones left out when it gets too large. */
export function renderSummary(record: RunRecord): string {
  const text = (kept: readonly Section[], leftOut: readonly Section[]) =>
    [
      `## ${headline(record)}`,
      ...kept.map(({ markdown }) => markdown),
      ...(leftOut.length === 0
        ? []
        : [`<sub>Left out for length: ${leftOut.map(({ name }) => name).join(", ")}</sub>`]),
    ].join("\n\n");
  const all = sectionsOf(record);
  const { kept, leftOut } = leaveOutUntil(
    all,
    (some) => Buffer.byteLength(text(some, all)) <= summaryLimitBytes,
  );
  return `${text(kept, leftOut)}\n`;
}
