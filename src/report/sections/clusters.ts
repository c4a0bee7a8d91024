import type { ClusterState } from "../../release/deploy.ts";
import type { RunRecord } from "../record.ts";
import { inlineCode } from "../untrusted-text.ts";
import { rollbackWords } from "../verdict.ts";
import type { Section } from "./section.ts";

const outcomeWords: Record<ClusterState, string> = {
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
export function clusterSection(record: RunRecord): Section | undefined {
  const { deployments, rollback } = record;
  if (deployments.size === 0) return undefined;
  const id = (release: string | undefined) => (release === undefined ? "none" : inlineCode(release));
  const rows = [...deployments.values()].map(
    ({ cluster, stage, before, after, outcome, why }) =>
      `| ${inlineCode(cluster)} | ${stage} | ${id(before)} | ${isRead(outcome, after) ? id(after) : "not known"} | ${outcomeWords[outcome]}${why === undefined ? "" : `: ${inlineCode(why)}`} |`,
  );
  const table = ["| Cluster | Stage | Before | Now | |", "| --- | --- | --- | --- | --- |", ...rows];
  const [back = "nothing had to be given back", ...others] = rollbackWords(record);
  const words = [back, ...others].join(", ");
  const rolledBack = rollback === undefined ? [] : [`**Rolled back** (${rollback.because}): ${words}.`, ""];
  return { name: "clusters", leaveOutRank: 2, markdown: [...rolledBack, ...table].join("\n") };
}

/** Whether what the cluster has now was read; that it has nothing is known of one that was. */
function isRead(outcome: ClusterState, after: string | undefined): boolean {
  return after !== undefined || (outcome !== "unknown" && outcome !== "not-restored");
}
