import type { ClusterState } from "../release/deploy.ts";
import type { RunRecord, Stage } from "./record.ts";

const stageNames: Record<Stage, string> = {
  inputs: "reading the inputs",
  project: "reading the project",
  build: "building",
  rehearsal: "rehearsing",
  publish: "publishing",
  promotion: "looking for the proof of dev",
  previous: "looking for the previous releases",
  status: "comparing the clusters",
  contract: "comparing the task contract",
  dev: "deploying to dev",
  production: "deploying to production",
};

/**
 * What happened, in one line of plain text that is safe as Markdown too: all it holds are counts, words of
 * closed sets, and a slug, whose alphabet is letters, digits and hyphens.
 */
export function verdict(record: RunRecord): string {
  const { failure, build, release } = record;
  if (failure !== undefined) {
    return [`Failed while ${stageNames[failure.stage]}: ${failure.code}`, ...rollbackWords(record)].join(
      "; ",
    );
  }
  if (record.drift !== undefined) {
    return `${record.slug}: ${plural(record.drift.clusters.length, "cluster")} as deployed last`;
  }
  const counts =
    build === undefined
      ? ""
      : `${plural(build.tasks.length, "task")}, ${plural(build.manifest.length, "file")}`;
  if (record.planDocument !== undefined && record.plan === undefined) {
    const { clusters, hash } = record.planDocument;
    return `${record.slug}: plan ${hash} for ${plural(clusters.length, "cluster")}, nothing is changed`;
  }
  if (release === undefined && record.plan === undefined) return `${record.slug} builds: ${counts}`;
  const deployed = [...record.deployments.values()].filter(({ outcome }) => outcome === "deployed").length;
  const unchanged = [...record.deployments.values()].filter(({ outcome }) => outcome === "unchanged").length;
  const rollout = [
    deployed > 0 ? `deployed to ${plural(deployed, "cluster")}` : "",
    unchanged > 0 ? `unchanged on ${plural(unchanged, "cluster")}` : "",
  ].filter(Boolean);
  const published = publishedWords(record);
  return `${record.slug}: ${[published, ...rollout].join(", ")}`;
}

function publishedWords({ promotion, release }: RunRecord): string {
  if (release === undefined) return "rolled back";
  if (promotion !== undefined) return "release promoted";
  return release.outcome === "created" ? "new release published" : "release reused, the content is the same";
}

/** What became of the clusters that a failed run had changed; empty where nothing was rolled back. */
export function rollbackWords({ rollback, deployments }: RunRecord): string[] {
  if (rollback === undefined) return [];
  const count = (state: ClusterState) =>
    [...deployments.values()].filter(({ outcome }) => outcome === state).length;
  const words = [
    [count("restored"), "restored"],
    [count("not-restored"), "NOT restored"],
    [count("taken-over"), "left to somebody else"],
  ] as const;
  return words.flatMap(([clusters, what]) =>
    clusters === 0 ? [] : [`${plural(clusters, "cluster")} ${what}`],
  );
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The verdict with its sign, as the title of a summary or a comment. */
export function headline(record: RunRecord): string {
  return `${record.failure === undefined ? "✅" : "❌"} ${verdict(record)}`;
}
