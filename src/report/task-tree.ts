import { duration } from "../duration-text.ts";
import type { TaskNode, TaskTree } from "../jobs/tree.ts";
import { table } from "./table.ts";

/** A job's tasks as a tree of text: what each is, how it stands, how often it was tried, how long it took. */
export function treeLines({ roots, cut }: TaskTree): string {
  const rows: string[][] = [];
  const add = (nodes: readonly TaskNode[], indent: string): void => {
    nodes.forEach((node, index) => {
      const last = index === nodes.length - 1;
      const [display = ""] = node.display.split("\n");
      const branch = indent === "" && nodes === roots ? "" : last ? "└─ " : "├─ ";
      rows.push([indent + branch + display, stateText(node), attemptText(node), tookText(node)]);
      add(node.children, branch === "" ? " " : `${indent}${last ? "   " : "│  "}`);
    });
  };
  add(roots, "");
  const text = table(["TASK", "STATE", "TRIES", "TIME"], rows);
  return cut ? `${text}\nThere are more tasks than these.` : text;
}

function stateText({ state, optional }: TaskNode): string {
  return optional ? `${state} (optional)` : state;
}

/** Tries that were the task's own doing; one that was lost with its runner is not told by the contract. */
function attemptText({ retries, startedAtMs }: TaskNode): string {
  return startedAtMs === undefined ? "" : String(retries + 1);
}

function tookText({ startedAtMs, stoppedAtMs }: TaskNode): string {
  return startedAtMs === undefined || stoppedAtMs === undefined ? "" : duration(stoppedAtMs - startedAtMs);
}
