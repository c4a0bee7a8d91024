import type { Manifest } from "../artifact/manifest.ts";
import type { ClusterOutcome } from "../release/deploy.ts";
import type { Failure, RunRecord } from "./record.ts";
import { codeBlock, inlineCode } from "./untrusted-text.ts";
import { plural, verdict } from "./verdict.ts";

/** GitHub drops a whole step summary above 1 MiB (1,048,576 bytes); what other writers of the step need stays free. */
export const summaryLimitBytes = 900_000;
const listedFiles = 200;
const listedTasks = 200;
const listedProblems = 20;

/**
 * The job summary as GitHub Markdown: verdict, failure, release, clusters, tasks, files, next step. When it
 * would be too large the files are left out first, then the tasks.
 */
export function renderSummary(record: RunRecord): string {
  const head = [
    `## ${record.failure === undefined ? "✅" : "❌"} ${verdict(record)}`,
    record.failure === undefined ? "" : failureSection(record.failure, record.helpUrl),
    releaseSection(record),
    clusterSection([...record.deployments.values()]),
    noticeSection(record.notices),
  ];
  const details = [taskSection(record), fileSection(record.build?.manifest ?? [])];
  const end = nextStep(record);
  while (details.length > 0 && bytes([...head, ...details, end]) > summaryLimitBytes) details.pop();
  return `${[...head, ...details, end].filter(Boolean).join("\n\n")}\n`;
}

function bytes(sections: readonly string[]): number {
  return sections.reduce((total, section) => total + Buffer.byteLength(section) + 2, 0);
}

function failureSection(failure: Failure, helpUrl: string | undefined): string {
  const problems = failure.problems.slice(0, listedProblems).map(({ message, file, line, column, hint }) => {
    const where = file === undefined ? "" : `${inlineCode([file, line, column].filter(Boolean).join(":"))}: `;
    return `- ${where}${inlineCode(message, 1_000)}${hint === undefined ? "" : ` — ${inlineCode(hint)}`}`;
  });
  const unlisted = failure.problems.length - problems.length;
  return [
    codeBlock(failure.message),
    problems.join("\n") + (unlisted > 0 ? `\n- and ${unlisted} more` : ""),
    failure.causes.length === 0
      ? ""
      : `<details><summary>Cause</summary>\n\n${codeBlock(failure.causes.join("\ncaused by: "))}\n\n</details>`,
    `**What to do:** ${inlineCode(failure.next, 1_000)} ${helpUrl === undefined ? "" : ` ([${failure.code}](${helpUrl}#${failure.code}))`}`,
  ]
    .filter(Boolean)
    .join("\n\n");
}

function releaseSection({ build, release }: RunRecord): string {
  if (build === undefined) return "";
  const rows = [
    ["Workflow", inlineCode(build.slug)],
    release === undefined ? undefined : ["Release", `${inlineCode(release.id)} (${release.outcome})`],
    ["Artifact digest", inlineCode(build.digest)],
    ["Fingerprint", inlineCode(build.fingerprint)],
    [
      "Entry point",
      inlineCode(
        build.entrypoint.kind === "runner" ? build.entrypoint.objectPath : build.entrypoint.argv.join(" "),
      ),
    ],
    [
      "Archive",
      `${plural(build.manifest.length, "file")}, ${size(build.measured.tarSizeBytes)}, ${size(build.archive.sizeBytes)} packed`,
    ],
    [
      "Worker",
      `${plural(build.tasks.length, "task")} found in ${(build.measured.discoverMs / 1000).toFixed(1)} s`,
    ],
  ].filter((row) => row !== undefined);
  return ["| Release | |", "| --- | --- |", ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join(
    "\n",
  );
}

const outcomeWords: Record<ClusterOutcome["outcome"], string> = {
  planned: "⏸️ not reached",
  deployed: "✅ deployed",
  unchanged: "✅ unchanged",
  failed: "❌ not deployed",
  unknown: "❓ could not be read back",
};

function clusterSection(deployments: readonly ClusterOutcome[]): string {
  if (deployments.length === 0) return "";
  const id = (release: string | undefined) => (release === undefined ? "none" : inlineCode(release));
  return [
    "| Cluster | Stage | Before | Now | |",
    "| --- | --- | --- | --- | --- |",
    ...deployments.map(
      ({ cluster, stage, before, after, outcome }) =>
        `| ${inlineCode(cluster)} | ${stage} | ${id(before)} | ${id(after)} | ${outcomeWords[outcome]} |`,
    ),
  ].join("\n");
}

function noticeSection(notices: readonly string[]): string {
  return notices.map((notice) => `> [!NOTE]\n> ${inlineCode(notice, 1_000)}`).join("\n\n");
}

function taskSection({ build }: RunRecord): string {
  if (build === undefined) return "";
  const rows = build.tasks
    .slice(0, listedTasks)
    .map(({ name, version }) => `| ${inlineCode(name)} | ${inlineCode(version)} |`);
  return details(
    plural(build.tasks.length, "task"),
    ["| Task | Version |", "| --- | --- |", ...rows],
    build.tasks.length - rows.length,
  );
}

function fileSection(manifest: Manifest): string {
  if (manifest.length === 0) return "";
  const rows = manifest.slice(0, listedFiles).map((entry) => {
    const what = entry.kind === "symlink" ? `→ ${inlineCode(entry.target)}` : size(entry.sizeBytes);
    return `| ${inlineCode(entry.path)} | ${what} |`;
  });
  return details(
    plural(manifest.length, "file"),
    ["| File | Size |", "| --- | --- |", ...rows],
    manifest.length - rows.length,
  );
}

function details(title: string, lines: readonly string[], unlisted: number): string {
  const more = unlisted > 0 ? `\n\nand ${unlisted} more` : "";
  return `<details><summary>${title}</summary>\n\n${lines.join("\n")}${more}\n\n</details>`;
}

function nextStep(record: RunRecord): string {
  if (record.failure !== undefined || record.build === undefined) return "";
  if (record.release === undefined)
    return `**Next:** merge, or publish by hand: ${inlineCode("workflow-release publish")}`;
  if (record.deployments.size === 0) {
    return `**Next:** deploy it: ${inlineCode(`workflow-release deploy --release ${record.release.id} --cluster SLUG`)}`;
  }
  return `**Next:** see what runs where: ${inlineCode("workflow-release status")}`;
}

function size(sizeBytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"] as const;
  const power = Math.min(units.length - 1, sizeBytes < 1 ? 0 : Math.floor(Math.log2(sizeBytes) / 10));
  return `${(sizeBytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
