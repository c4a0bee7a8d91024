import type { ClusterOutcome } from "../../release/deploy.ts";
import type { RunRecord } from "../record.ts";
import { inlineCode } from "../untrusted-text.ts";
import type { Section } from "./section.ts";

const outcomeWords: Record<ClusterOutcome["outcome"], string> = {
  planned: "⏸️&nbsp;not reached",
  deployed: "✅&nbsp;deployed",
  unchanged: "✅&nbsp;unchanged",
  failed: "❌&nbsp;not deployed",
  unknown: "❓&nbsp;could not be read back",
  restored: "↩️&nbsp;restored",
  "not-restored": "❌&nbsp;**not restored**",
  "taken-over": "⚠️&nbsp;somebody else deployed, left alone",
};

/** What each cluster had and has now. */
export function clusterSection({ deployments }: RunRecord): Section | undefined {
  if (deployments.size === 0) return undefined;
  const id = (release: string | undefined) => (release === undefined ? "none" : inlineCode(release));
  const rows = [...deployments.values()].map(
    ({ cluster, stage, before, after, outcome, why }) =>
      `| ${inlineCode(cluster)} | ${stage} | ${id(before)} | ${id(after)} | ${outcomeWords[outcome]}${why === undefined ? "" : `: ${inlineCode(why)}`} |`,
  );
  const table = ["| Cluster | Stage | Before | Now | |", "| --- | --- | --- | --- | --- |", ...rows];
  return { name: "clusters", leaveOutRank: 2, markdown: table.join("\n") };
}
