import { duration } from "../../duration-text.ts";
import type { RunRecord } from "../record.ts";
import { treeLines } from "../task-tree.ts";
import { codeBlock, inlineCode } from "../untrusted-text.ts";
import type { Section } from "./section.ts";

/** A tree of the 200 tasks that are read fits in this many characters. */
const treeLimit = 40_000;

/** The job that was run from the artifact: its tasks as a tree of text, which reads alike in light and dark. */
export function rehearsalSection({ rehearsal }: RunRecord): Section | undefined {
  if (rehearsal === undefined) return undefined;
  const { task, outcome, tookMs, tree } = rehearsal;
  const sign = outcome === "completed" ? "✅" : "❌";
  return {
    name: "rehearsal",
    leaveOutRank: 2,
    markdown: [
      `**Rehearsal** of ${inlineCode(`${task.name}@${task.version}`)}: ${sign} ${outcome} in ${duration(tookMs)}`,
      codeBlock(treeLines(tree), treeLimit),
    ].join("\n\n"),
  };
}
