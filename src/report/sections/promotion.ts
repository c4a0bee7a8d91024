import type { DevProof } from "../../release/promotion.ts";
import { allowedText } from "../allowed-text.ts";
import { deployerOf, gatesText } from "../promotion-lines.ts";
import type { RunRecord } from "../record.ts";
import { inlineCode, sentence } from "../untrusted-text.ts";
import type { Section } from "./section.ts";

const listedMissing = 50;

/** What proves the release for production, and what does not. */
export function promotionSection({ promotion, commit }: RunRecord): Section | undefined {
  if (promotion === undefined) return undefined;
  const { release, dev, missing, allowedBy } = promotion;
  const allowed = allowedBy === undefined ? "" : ` — ⚠️ without proof, ${allowedText("unproven", allowedBy)}`;
  const of = commit === undefined ? "" : `, commit ${inlineCode(commit.slice(0, 12))}`;
  const table = ["| Dev cluster | Deployed by | Gates | |", "| --- | --- | --- | --- |", ...dev.map(row)];
  const listed = missing
    .slice(0, listedMissing)
    .map(
      ({ message, hint }) => `- ❌ ${sentence(message)}${hint === undefined ? "" : ` — ${sentence(hint)}`}`,
    );
  const unlisted = missing.length - listed.length;
  const blocks = [
    `**Promotion** of release ${inlineCode(release)}${of}${allowed}`,
    dev.length === 0 ? "" : table.join("\n"),
    [...listed, ...(unlisted > 0 ? [`- and ${unlisted} more`] : [])].join("\n"),
  ];
  return { name: "promotion", leaveOutRank: 2, markdown: blocks.filter(Boolean).join("\n\n") };
}

function row({ cluster, record, gates, missing }: DevProof): string {
  const deployer = record === undefined ? "" : inlineCode(deployerOf(record));
  const verdict = missing.length === 0 ? "✅&nbsp;proven" : "❌&nbsp;not proven";
  return `| ${inlineCode(cluster)} | ${deployer} | ${sentence(gatesText(gates))} | ${verdict} |`;
}
