import type { RunRecord } from "../record.ts";
import { inlineCode } from "../untrusted-text.ts";
import type { Section } from "./section.ts";

/** What a run would do that only plans. One that deploys says what it did. */
export function planSection({ planDocument, plan }: RunRecord): Section | undefined {
  if (planDocument === undefined || plan !== undefined) return undefined;
  const { clusters, gates, onFailure, hash } = planDocument;
  const rows = clusters.map(({ cluster, stage, change, before, after }) => {
    const now =
      before?.release === undefined || before.release === null ? "none" : inlineCode(before.release);
    const then = change === "unchanged" ? "unchanged" : inlineCode(after.release ?? "a new release");
    return `| ${inlineCode(cluster)} | ${stage} | ${now} | ${then} |`;
  });
  const table = ["| Cluster | Stage | Now | Then |", "| --- | --- | --- | --- |", ...rows];
  const facts = `Gates: ${gates.length === 0 ? "none" : gates.map((gate) => inlineCode(gate)).join(", ")}. On failure: ${onFailure}.`;
  const markdown = [
    ...table,
    "",
    facts,
    `Plan ${inlineCode(hash)}: give it as \`plan\` to deploy exactly this.`,
  ];
  return { name: "plan", leaveOutRank: 1, markdown: markdown.join("\n") };
}
