import type { ContractFinding, FindingSeverity } from "../../engine/contract-rules.ts";
import { allowedText } from "../allowed-text.ts";
import { strandedText } from "../contract-lines.ts";
import type { RunRecord } from "../record.ts";
import { inlineCode, sentence } from "../untrusted-text.ts";
import { plural } from "../verdict.ts";
import { foldedList, type Section } from "./section.ts";

const signs: Record<FindingSeverity, string> = {
  breaking: "❌&nbsp;breaking",
  notice: "⚠️&nbsp;notice",
  compatible: "✅&nbsp;compatible",
};

const listedFindings = 100;

/** What the tasks' names, versions and inputs do to jobs that exist already. */
export function contractSection({ contract }: RunRecord): Section | undefined {
  if (contract === undefined) return undefined;
  const { checks, absent, allowedBy } = contract;
  const blocks = checks.map(({ against, findings, jobs }) => {
    const left = jobs.map((entry) => `- ${sentence(strandedText(entry))}`);
    if (findings.length === 0) return `**Task contract** against ${inlineCode(against)}: the same`;
    const broken = findings.some(({ severity }) => severity === "breaking");
    const allowed =
      broken && allowedBy !== undefined
        ? ` — ⚠️ breaking changes are ${allowedText("breaking", allowedBy)}`
        : "";
    return [
      `**Task contract** against ${inlineCode(against)}${allowed}`,
      ...tables(findings),
      ...(left.length === 0 ? [] : [left.join("\n")]),
    ].join("\n\n");
  });
  if (absent !== undefined) blocks.push(`**Task contract**: not compared, ${sentence(absent)}`);
  return { name: "task contract", leaveOutRank: 3, markdown: blocks.join("\n\n") };
}

/** Compatible changes are there for who looks for them. */
function tables(findings: readonly ContractFinding[]): string[] {
  const loud = findings.filter(({ severity }) => severity !== "compatible");
  const quiet = findings.filter(({ severity }) => severity === "compatible");
  const shown = loud.slice(0, listedFindings);
  const unlisted = loud.length - shown.length;
  const unlistedLine = unlisted > 0 ? [`\nand ${unlisted} more`] : [];
  return [
    ...(shown.length === 0 ? [] : [[...table(shown), ...unlistedLine].join("\n")]),
    ...(quiet.length === 0
      ? []
      : [
          foldedList(
            plural(quiet.length, "compatible change"),
            table(quiet.slice(0, listedFindings)),
            quiet.length - listedFindings,
          ),
        ]),
  ];
}

function table(findings: readonly ContractFinding[]): string[] {
  const rows = findings.map(
    ({ severity, task, change, effect }) =>
      `| ${signs[severity]} | ${task === "" ? "" : inlineCode(task)} | ${sentence(change)} | ${sentence(effect)} |`,
  );
  return ["| | Task | Change | Jobs that exist |", "| --- | --- | --- | --- |", ...rows];
}
