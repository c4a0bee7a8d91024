import { changeText, driftWords } from "../../release/drift.ts";
import type { RunRecord } from "../record.ts";
import { inlineCode, sentence } from "../untrusted-text.ts";
import type { Section } from "./section.ts";

/** What each cluster should have and has, and who changed what it should not. */
export function driftSection({ drift }: RunRecord): Section | undefined {
  if (drift === undefined) return undefined;
  const release = (id: string | null | undefined) =>
    id === undefined ? "not known" : id === null ? "none" : inlineCode(id);
  const rows = drift.clusters.map(({ cluster, expected, actual, drift: found, changedBy }) => {
    const state = found === undefined ? "✅&nbsp;as expected" : `❌&nbsp;${driftWords[found]}`;
    const who = changedBy === undefined ? "" : sentence(changeText(changedBy));
    return `| ${inlineCode(cluster)} | ${release(expected)} | ${release(actual)} | ${state} | ${who} |`;
  });
  const head = ["| Cluster | Expected | Actual | | Changed |", "| --- | --- | --- | --- | --- |"];
  return { name: "drift", leaveOutRank: 2, markdown: [...head, ...rows].join("\n") };
}
