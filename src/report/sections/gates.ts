import { duration } from "../../duration-text.ts";
import type { GateJob, GateResult } from "../../release/gates/gate.ts";
import { gateText } from "../gate-lines.ts";
import type { RunRecord } from "../record.ts";
import { treeLines } from "../task-tree.ts";
import { codeBlock, inlineCode, sentence } from "../untrusted-text.ts";
import { plural } from "../verdict.ts";
import { foldedList, type Section } from "./section.ts";

/** A tree of the 200 tasks that are read fits in this many characters. */
const treeLimit = 40_000;

/** What the gates said of each cluster, the clones of production jobs, and the tasks of a job that failed. */
export function gateSection({ gates }: RunRecord): Section | undefined {
  if (gates.length === 0) return undefined;
  const blocks = [
    ["| Cluster | Gate | | Took | |", "| --- | --- | --- | --- | --- |", ...gates.map(gateRow)].join("\n"),
    ...gates.flatMap(({ jobs }) => replayTable(jobs)),
    ...gates.flatMap(({ tree }) => (tree === undefined ? [] : [codeBlock(treeLines(tree), treeLimit)])),
  ];
  return { name: "gates", leaveOutRank: 2, markdown: blocks.join("\n\n") };
}

function gateRow(result: GateResult): string {
  const { cluster, gate, outcome, tookMs } = result;
  const sign = outcome === "passed" ? "✅&nbsp;passed" : "❌&nbsp;failed";
  return `| ${inlineCode(cluster)} | ${gate} | ${sign} | ${duration(tookMs)} | ${sentence(gateText(result))} |`;
}

function replayTable(jobs: readonly GateJob[]): string[] {
  const rows = jobs.flatMap(({ id, outcome, tasks, elapsedMs, original }) =>
    original === undefined
      ? []
      : [
          `| ${inlineCode(original.id)} | ${inlineCode(id)} | ${outcome} | ${tasks} (${original.tasks}) | ${took(elapsedMs)} (${took(original.elapsedMs)}) |`,
        ],
  );
  if (rows.length === 0) return [];
  const head = [
    "| Production job | Clone | | Tasks (before) | Time (before) |",
    "| --- | --- | --- | --- | --- |",
  ];
  return [foldedList(`${plural(rows.length, "job")} replayed`, [...head, ...rows], 0)];
}

function took(ms: number | undefined): string {
  return ms === undefined ? "?" : duration(ms);
}
