/** Deployment records from the history of our control plane. */
import type { HistoryCalls, HistoryLine } from "../api/history-calls.ts";
import type { DeploymentRecord, DeploymentRecords, GateRecord } from "./deployment-records.ts";

/** How far back is looked: some dozens of deployments with their gates. */
const readEntries = 200;

/** Knows nothing where the control plane keeps no history. */
export function historyRecords(
  api: Pick<HistoryCalls, "readHistory">,
  signal: AbortSignal,
): DeploymentRecords {
  const read = async (query: Parameters<HistoryCalls["readHistory"]>[0]) => {
    const page = await api.readHistory({ ...query, limit: readEntries }, signal);
    return deploymentsIn(page?.entries ?? []);
  };
  return {
    list: (workflow, cluster) => read({ workflow, cluster }),
    async find(workflow, cluster, release) {
      const own = (await read({ workflow, cluster, release })).filter((record) => record.release === release);
      return own.find(({ outcome }) => outcome === "succeeded") ?? own[0];
    },
  };
}

/** @param entries of one workflow on one cluster, newest first. */
function deploymentsIn(entries: readonly HistoryLine[]): readonly DeploymentRecord[] {
  const records: DeploymentRecord[] = [];
  let later: HistoryLine | undefined;
  /** By release: what was said of it since the change that stands below. */
  let gates = new Map<string, GateRecord[]>();
  for (const entry of entries) {
    if (entry.kind === "gate") {
      const known = gates.get(entry.release) ?? [];
      gates.set(entry.release, [...known, gateOf(entry)]);
    } else if (entry.kind === "deploy" || entry.kind === "undeploy") {
      if (entry.after !== null) {
        records.push({
          ...factsOf(entry),
          ...{ cluster: entry.cluster, release: entry.after },
          // Another commit with the same release: what was there before, an earlier record says.
          ...(entry.before === entry.after ? {} : { before: entry.before }),
          ...{ outcome: outcomeOf(later), gates: gates.get(entry.after) ?? [] },
        });
        gates = new Map([...gates].filter(([release]) => release !== entry.after));
      }
      later = entry;
    }
  }
  return records;
}

/** By what was changed next on the cluster. */
function outcomeOf(later: HistoryLine | undefined): DeploymentRecord["outcome"] {
  if (later === undefined) return "succeeded";
  return later.provenance?.reason === "rollback" ? "rolled-back" : "superseded";
}

function factsOf({ workflow, atMs, key, provenance }: HistoryLine) {
  const { commit, run, actor, reason, gates, repository } = provenance ?? {};
  return {
    ...{ workflow, atMs, key },
    ...(commit === undefined ? {} : { commit }),
    ...(repository === undefined ? {} : { repository }),
    ...(run === undefined ? {} : { run }),
    ...(actor === undefined ? {} : { actor }),
    ...(reason === undefined ? {} : { reason }),
    ...(gates === undefined ? {} : { plannedGates: gates }),
  };
}

function gateOf({
  gate,
  outcome,
  reason,
  message,
  tookMs,
  atMs,
}: HistoryLine & { kind: "gate" }): GateRecord {
  return { gate, outcome, message, tookMs, atMs, ...(reason === undefined ? {} : { reason }) };
}
