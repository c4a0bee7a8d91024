/** What is put out of a run of one project, or of several. */
import type { OutputName } from "../action-contract.ts";
import { outputsOf, reportOf } from "./outputs.ts";
import { hasChanged, type RunRecord } from "./record.ts";
import { leaveOutUntil, type Section } from "./sections/section.ts";
import { sectionsOf } from "./sections/sections.ts";
import { renderSummary, summaryLimitBytes } from "./summary.ts";
import { inlineCode } from "./untrusted-text.ts";
import { headline, plural, verdict } from "./verdict.ts";

type Records = readonly [RunRecord, ...RunRecord[]];

/** With several projects, what is true of one of them alone is empty: `projects` has it. */
export function runOutputs(records: Records, reportPath: string): Record<OutputName, string> {
  const projects = JSON.stringify(records.map(projectOutputs));
  const [only, ...others] = records;
  if (others.length === 0) return { ...outputsOf(only, reportPath), projects };
  return {
    "workflow-slug": "",
    "release-id": "",
    fingerprint: "",
    "artifact-digest": "",
    "artifact-path": "",
    tasks: "[]",
    published: "",
    changed: String(records.some(hasChanged)),
    plan: "",
    "plan-hash": "",
    deployments: "[]",
    projects,
    "report-path": reportPath,
    "failure-reason": records.find(({ failure }) => failure !== undefined)?.failure?.code ?? "",
  };
}

function projectOutputs(record: RunRecord) {
  const outputs = outputsOf(record, "");
  return {
    path: record.projectPath ?? "",
    "workflow-slug": outputs["workflow-slug"],
    "release-id": outputs["release-id"],
    fingerprint: outputs.fingerprint,
    "artifact-digest": outputs["artifact-digest"],
    "artifact-path": outputs["artifact-path"],
    published: outputs.published,
    changed: hasChanged(record),
    deployments: [...record.deployments.values()],
    "failure-reason": outputs["failure-reason"],
  };
}

export function runReport(records: Records) {
  const [only, ...others] = records;
  if (others.length === 0) return reportOf(only);
  return {
    ok: records.every(({ failure }) => failure === undefined),
    projects: records.map((record) => ({ path: record.projectPath, ...reportOf(record) })),
  };
}

/** One line. */
export function runVerdict(records: Records): string {
  const [only, ...others] = records;
  if (others.length === 0) return verdict(only);
  const failed = records.filter(({ failure }) => failure !== undefined).length;
  if (failed > 0) return `${failed} of ${plural(records.length, "project")} failed`;
  const found = records.map(endingOf);
  const counts = endings.flatMap((ending) => {
    const count = found.filter((one) => one === ending).length;
    if (count === 0) return [];
    return count === records.length ? [ending] : [`${count} ${ending}`];
  });
  return `${plural(records.length, "project")}: ${counts.join(", ")}`;
}

const endings = [
  "built",
  "planned",
  "published",
  "unchanged",
  "promoted",
  "rolled back",
  "as deployed last",
] as const;

/** What a project that did not fail has come to. */
function endingOf({ drift, plan, planDocument, promotion, release }: RunRecord): (typeof endings)[number] {
  if (drift !== undefined) return "as deployed last";
  if (planDocument !== undefined && plan === undefined) return "planned";
  if (release === undefined) return plan === undefined ? "built" : "rolled back";
  if (promotion !== undefined) return "promoted";
  return release.outcome === "created" ? "published" : "unchanged";
}

/** The job summary: that of the one project, or a table of all of them and then each, folded. */
export function runSummary(records: Records): string {
  const [only, ...others] = records;
  if (others.length === 0) return renderSummary(only);
  const rows = records.map((record) => `| ${inlineCode(record.projectPath ?? "")} | ${headline(record)} |`);
  const table = ["| Project | |", "| --- | --- |", ...rows].join("\n");
  const text = (kept: readonly Section[]) =>
    [
      `## ${records.some(({ failure }) => failure !== undefined) ? "❌" : "✅"} ${runVerdict(records)}`,
      table,
      ...kept.map(({ markdown }) => markdown),
      ...(kept.length < records.length ? ["<sub>Some projects are left out for length.</sub>"] : []),
    ].join("\n\n");
  const { kept } = leaveOutUntil(
    records.map(projectSection),
    (some) => Buffer.byteLength(text(some)) <= summaryLimitBytes,
  );
  return `${text(kept)}\n`;
}

function projectSection(record: RunRecord): Section {
  const path = record.projectPath ?? "";
  const sections = sectionsOf(record).map(({ markdown }) => markdown);
  const open = record.failure === undefined ? "" : " open";
  return {
    name: path,
    leaveOutRank: record.failure === undefined ? 2 : 1,
    markdown: `<details${open}><summary>${inlineCode(path)}: ${headline(record)}</summary>\n\n${sections.join("\n\n")}\n\n</details>`,
  };
}
