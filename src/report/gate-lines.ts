import { duration } from "../duration-text.ts";
import { type GateResult, gateReasons } from "../release/gates/gate.ts";
import { treeLines } from "./task-tree.ts";
import { oneLine } from "./untrusted-text.ts";

/** What a gate said, as lines of text; a failed job's tasks below it. */
export function gateLines(result: GateResult): string[] {
  const { cluster, gate, outcome, tookMs, tree } = result;
  const tasks = tree === undefined ? [] : treeLines(tree).split("\n");
  return [
    `  ${cluster} ${gate}: ${outcome} in ${duration(tookMs)}: ${gateText(result)}`,
    ...tasks.map((line) => `    ${line}`),
  ].map(oneLine);
}

/** Why it failed, in the words of the closed set, or what has passed. */
export function gateText({ reason, message }: Pick<GateResult, "reason" | "message">): string {
  return reason === undefined ? message : `${gateReasons[reason]} (${message})`;
}
