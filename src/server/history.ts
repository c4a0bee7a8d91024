/** The history as its readers see it: over HTTP, in process, and as JSON in a person's terminal. */
import type { HistoryEvent as EventLine, HistoryLine, HistoryPage } from "../api/history-calls.ts";
import type { ReleaseId } from "../engine/id.ts";
import type { GateKind, Provenance } from "../engine/provenance.ts";
import type { Slug } from "../engine/slug.ts";
import type { GateOutcome, HistoryEntry, HistoryQuery, ReleaseStore } from "../store/port.ts";

/** A gate's result whose names have been checked. */
export interface CheckedGate {
  readonly workflow: Slug;
  readonly cluster: Slug;
  readonly release: ReleaseId;
  readonly gate: GateOutcome;
}

export interface HistoryRoom {
  read(query: HistoryQuery): Promise<HistoryPage>;
  /** Throws what ReleaseStore.recordGate throws. */
  recordGate(gate: CheckedGate, actor: string, provenance: Provenance | undefined): Promise<void>;
}

export function createHistoryRoom(releases: Pick<ReleaseStore, "listHistory" | "recordGate">): HistoryRoom {
  return {
    async read(query) {
      // One more tells whether there is another page.
      const found = await releases.listHistory({ ...query, limit: query.limit + 1 });
      const entries = found.slice(0, query.limit);
      const next = found.length > entries.length ? (entries.at(-1)?.sequence ?? null) : null;
      return { entries: entries.map(toLine), next };
    },
    recordGate: ({ workflow, cluster, release, gate }, actor, provenance) =>
      releases.recordGate({
        ...{ workflow, release, gate, actor, provenance },
        cluster: { kind: "slug", slug: cluster },
      }),
  };
}

function toLine(entry: HistoryEntry): HistoryLine {
  const { sequence, atMs, actor, workflow, provenance } = entry;
  return {
    ...{ sequence, atMs, key: actor, workflow },
    ...toEvent(entry),
    ...(provenance === undefined ? {} : { provenance }),
  };
}

function toEvent(entry: HistoryEntry): EventLine {
  switch (entry.kind) {
    case "publish":
    case "unpublish": {
      const { kind, release, fingerprint, digest } = entry;
      return { kind, release, fingerprint, digest };
    }
    case "deploy":
    case "undeploy": {
      const { kind, cluster, before, after } = entry;
      return { kind, cluster, before: before ?? null, after: after ?? null };
    }
    case "gate": {
      const { kind, ...outcome } = entry.gate;
      // It was checked when it was taken.
      return {
        kind: "gate",
        cluster: entry.cluster,
        release: entry.release,
        gate: kind as GateKind,
        ...outcome,
      };
    }
  }
}
