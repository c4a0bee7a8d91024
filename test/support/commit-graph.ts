/** Random histories, and git repositories made of them by one fast-import. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** By commit, the commits it was made from; each only names earlier ones. */
export type CommitGraph = readonly (readonly number[])[];

/** A history with branches and merges, sometimes with a second root. */
export function randomGraph(size: number, random: () => number): CommitGraph {
  const earlier = (index: number) => Math.max(0, index - 1 - Math.floor(random() ** 2 * 5));
  return Array.from({ length: size }, (_, index) => {
    if (index === 0 || random() < 0.03) return [];
    const first = earlier(index);
    const second = earlier(index);
    return random() < 0.25 && second !== first ? [first, second] : [first];
  });
}

/** Whether `earlier` is `later` or one of those that it was made from: the plain search, to compare with git. */
export function reaches(graph: CommitGraph, later: number, earlier: number): boolean {
  return later === earlier || (graph[later] ?? []).some((parent) => reaches(graph, parent, earlier));
}

/** Writes the graphs into an existing repository, each commit with a branch, and returns their ids. */
export async function writeGraphs(repository: string, graphs: readonly CommitGraph[]): Promise<string[][]> {
  const marks = join(repository, "marks");
  const git = spawn("git", ["fast-import", "--quiet", `--export-marks=${marks}`], { cwd: repository });
  const mark = (graph: number, commit: number) => graph * 10_000 + commit + 1;
  for (const [g, graph] of graphs.entries()) {
    for (const [c, parents] of graph.entries()) {
      const message = `graph ${g} commit ${c}`;
      const [from, ...merges] = parents.map((parent) => mark(g, parent));
      git.stdin.write(
        [
          ...(from === undefined ? [`reset refs/heads/g${g}-${c}`] : []),
          `commit refs/heads/g${g}-${c}`,
          `mark :${mark(g, c)}`,
          `committer Scratch <scratch@example.org> ${1_700_000_000 + g * 1_000 + c} +0000`,
          `data ${Buffer.byteLength(message)}`,
          message,
          ...(from === undefined ? [] : [`from :${from}`]),
          ...merges.map((merge) => `merge :${merge}`),
          "",
          "",
        ].join("\n"),
      );
    }
  }
  git.stdin.end();
  const [code] = await once(git, "close");
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
  const ids = new Map(
    (await readFile(marks, "utf8"))
      .trim()
      .split("\n")
      .map((line) => line.slice(1).split(" ") as [string, string]),
  );
  return graphs.map((graph, g) => graph.map((_, c) => ids.get(String(mark(g, c))) ?? ""));
}
