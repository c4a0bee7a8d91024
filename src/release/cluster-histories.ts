/** Who wanted and who changed what on the clusters, from the control plane's history and GitHub's records. */
import type { HistoryCalls, HistoryLine } from "../api/history-calls.ts";
import type { DeploymentRecords } from "./deployment-records.ts";
import type { Change, ClusterHistory, Wanted } from "./drift.ts";

/** How much of the history is read: what is older has been checked by many runs before. */
const maxPages = 10;
const pageEntries = 1_000;

export interface HistorySources {
  readonly api: Pick<HistoryCalls, "readHistory">;
  /** What GitHub has recorded of this repository's runs; a deployment that changed nothing is in it alone. */
  readonly github: Pick<DeploymentRecords, "list"> | undefined;
  /** `owner/name` of the runs that count as ours; without it every run on GitHub does. */
  readonly repository: string | undefined;
  readonly signal: AbortSignal;
}

export async function readClusterHistories(
  workflow: string,
  clusters: readonly string[],
  sources: HistorySources,
): Promise<ReadonlyMap<string, ClusterHistory>> {
  const told = await readControlPlane(workflow, new Set(clusters), sources);
  return new Map(
    await Promise.all(
      clusters.map(async (cluster): Promise<[string, ClusterHistory]> => {
        const own = told.get(cluster) ?? { wanted: undefined, changed: undefined };
        const recorded = await readGitHub(workflow, cluster, sources);
        const wanted =
          recorded !== undefined && recorded.atMs > (own.wanted?.atMs ?? 0) ? recorded : own.wanted;
        return [cluster, { wanted, changed: own.changed }];
      }),
    ),
  );
}

async function readGitHub(
  workflow: string,
  cluster: string,
  { github }: HistorySources,
): Promise<Wanted | undefined> {
  const [last] =
    (await github?.list(workflow, cluster))?.filter(({ outcome }) => outcome === "succeeded") ?? [];
  if (last === undefined) return undefined;
  const { release, atMs, repository, actor, commit, run } = last;
  return { release, ...changeOf(atMs, undefined, { repository, actor, commit, runUrl: run?.url }) };
}

/** Reads on until both are known of every cluster, or the history ends. */
async function readControlPlane(
  workflow: string,
  clusters: ReadonlySet<string>,
  { api, repository, signal }: HistorySources,
): Promise<ReadonlyMap<string, ClusterHistory>> {
  const told = new Map<string, ClusterHistory>();
  let before: number | undefined;
  for (let page = 0; page < maxPages; page++) {
    const read = await api.readHistory({ workflow, before, limit: pageEntries }, signal);
    for (const entry of read?.entries ?? []) {
      if (!("cluster" in entry) || !clusters.has(entry.cluster)) continue;
      const { wanted, changed } = told.get(entry.cluster) ?? {};
      told.set(entry.cluster, {
        wanted:
          wanted ??
          (isOurs(entry, repository) ? { ...lineChange(entry), release: releaseOf(entry) } : undefined),
        changed: changed ?? (entry.kind === "gate" ? undefined : lineChange(entry)),
      });
    }
    const isKnown = [...clusters].every((cluster) => told.get(cluster)?.wanted !== undefined);
    if (read === undefined || read.next === null || isKnown) return told;
    before = read.next;
  }
  return told;
}

/** A gate is run on what a run wants there, also where it was there already and nothing was changed. */
function releaseOf(entry: Extract<HistoryLine, { readonly cluster: string }>): string | null {
  return entry.kind === "gate" ? entry.release : entry.after;
}

function isOurs({ provenance }: HistoryLine, repository: string | undefined): boolean {
  if (repository === undefined) return provenance?.run !== undefined;
  return provenance?.repository?.toLowerCase() === repository.toLowerCase();
}

function lineChange({ atMs, key, provenance = { reason: "deploy" } }: HistoryLine): Change {
  const { repository, actor, commit, run } = provenance;
  return changeOf(atMs, key, { repository, actor, commit, runUrl: run?.url });
}

/** Without the fields that are not known. */
function changeOf(
  atMs: number,
  key: string | undefined,
  run: Readonly<Record<"repository" | "actor" | "commit" | "runUrl", string | undefined>>,
): Change {
  const known = Object.entries({ key, ...run }).filter(([, value]) => value !== undefined);
  return { atMs, ...Object.fromEntries(known) };
}
