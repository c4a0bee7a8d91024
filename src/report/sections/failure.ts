import type { Problem } from "../../errors.ts";
import type { RunRecord } from "../record.ts";
import { codeBlock, inlineCode, sentence } from "../untrusted-text.ts";
import type { Section } from "./section.ts";

const listedProblems = 20;

/** What failed, where, why, and what to do. */
export function failureSection({ failure, helpUrl }: RunRecord): Section | undefined {
  if (failure === undefined) return undefined;
  const listed = failure.problems.slice(0, listedProblems).map(problemLine);
  const unlisted = failure.problems.length - listed.length;
  const help = helpUrl === undefined ? "" : ` ([${failure.code}](${helpUrl}#${failure.code}))`;
  const blocks = [
    codeBlock(failure.message),
    [...listed, ...(unlisted > 0 ? [`- and ${unlisted} more`] : [])].join("\n"),
    failure.causes.length === 0
      ? ""
      : `<details><summary>Cause</summary>\n\n${codeBlock(failure.causes.join("\ncaused by: "))}\n\n</details>`,
    `**What to do:** ${sentence(failure.next)}${help}`,
  ];
  return { name: "failure", leaveOutRank: 1, markdown: blocks.filter(Boolean).join("\n\n") };
}

function problemLine({ message, file, line, column, hint }: Problem): string {
  const where = file === undefined ? "" : `${inlineCode([file, line, column].filter(Boolean).join(":"))}: `;
  return `- ${where}${inlineCode(message, 1_000)}${hint === undefined ? "" : ` — ${inlineCode(hint)}`}`;
}
