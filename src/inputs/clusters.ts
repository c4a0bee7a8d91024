/** The inputs `dev-cluster` and `production-cluster`. */
import type { Problem } from "../errors.ts";
import type { ClusterInput } from "../release/clusters.ts";

const clusterSlug = /^[A-Za-z0-9-]{1,100}$/;

/**
 * Splits a cluster input at commas and newlines. An empty input is no cluster; an empty entry between
 * separators is a problem, because it is most often a variable that was not set.
 */
export function parseClusters(name: string, value: string, problems: Problem[]): ClusterInput[] {
  if (value === "") return [];
  const clusters: ClusterInput[] = [];
  for (const [index, raw] of value.split(/[,\n]/).entries()) {
    const entry = raw.trim();
    const where = `${name}: entry ${index + 1}`;
    if (entry === "") {
      problems.push({
        message: `${where} is empty`,
        hint: "remove the separator, or set the variable it stands for",
      });
    } else if (entry.startsWith("target:")) {
      clusters.push({ kind: "target", name: entry.slice("target:".length).trim() });
    } else if (!clusterSlug.test(entry)) {
      problems.push({
        message: `${where}, ${JSON.stringify(entry)}, is not a cluster slug`,
        hint: "letters, digits and hyphens, at most 100",
      });
    } else {
      clusters.push({ kind: "slug", slug: entry });
    }
  }
  return clusters;
}
