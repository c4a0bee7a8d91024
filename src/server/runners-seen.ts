import type { Slug } from "../engine/slug.ts";
import type { VersionedIdentifier } from "../engine/task-version.ts";
import type { Offer } from "../store/job-port.ts";
import type { Peer } from "./peer.ts";

/** Which runners asked for tasks lately: for the question why a task is not claimed, so memory is enough. */
export interface RunnersSeen {
  note(offer: Offer, peer: Peer | undefined): void;
  /** Runners of the cluster whose connection is open, or who asked within the last minute. */
  onCluster(cluster: { readonly slug: Slug; readonly isDefault: boolean }): readonly SeenRunner[];
  /** Of all clusters. */
  count(): number;
}

export interface SeenRunner {
  readonly identifiers: readonly VersionedIdentifier[];
  readonly askedAtMs: number;
}

interface Sighting extends SeenRunner {
  readonly peer: Peer | undefined;
  readonly offer: Offer;
}

const rememberedMs = 60_000;
/** Beyond this the oldest are forgotten; an answer then names fewer runners, never wrong ones. */
const rememberedRunners = 2_000;

export function createRunnersSeen(clock: () => number): RunnersSeen {
  /** In the order they last asked, oldest first. */
  const sightings = new Map<object | string, Sighting>();

  const isThere = ({ peer, askedAtMs }: Sighting): boolean =>
    peer?.destroyed === false || clock() - askedAtMs <= rememberedMs;

  return {
    note(offer, peer) {
      const key = peer ?? offer.identifiers.map(({ name, version }) => `${version} ${name}`).join("\n");
      sightings.delete(key);
      sightings.set(key, { peer, offer, identifiers: offer.identifiers, askedAtMs: clock() });
      const [oldest] = sightings.keys();
      if (sightings.size > rememberedRunners && oldest !== undefined) sightings.delete(oldest);
    },

    onCluster({ slug, isDefault }) {
      const here = ({ offer: { cluster } }: Sighting) =>
        cluster.kind === "default" ? isDefault : cluster.slug === slug;
      return [...sightings.values()]
        .filter((sighting) => isThere(sighting) && here(sighting))
        .map(({ identifiers, askedAtMs }) => ({ identifiers, askedAtMs }));
    },

    count: () => [...sightings.values()].filter(isThere).length,
  };
}
