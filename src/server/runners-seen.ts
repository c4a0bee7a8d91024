import type { ClusterRef } from "../engine/release.ts";
import type { Slug } from "../engine/slug.ts";
import type { VersionedIdentifier } from "../engine/task-version.ts";
import type { Offer } from "../store/job-port.ts";
import type { SeenOffer } from "../store/runner-port.ts";
import type { Peer } from "./peer.ts";

/** Which runners asked here for tasks lately: for the question why a task is not claimed. */
export interface RunnersSeen {
  note(offer: Offer, peer: Peer | undefined): void;
  /** Runners of the cluster whose connection is open, or who asked within the last minute. */
  onCluster(cluster: { readonly slug: Slug; readonly isDefault: boolean }): readonly SeenRunner[];
  /** Of all clusters. */
  count(): number;
  /** What these runners offer, each once, by a key of its own. */
  offers(): ReadonlyMap<string, SeenOffer>;
}

export interface SeenRunner {
  readonly identifiers: readonly VersionedIdentifier[];
  readonly askedAtMs: number;
}

interface Sighting extends SeenRunner {
  readonly peer: Peer | undefined;
  readonly cluster: ClusterRef;
  readonly offerKey: string;
}

const rememberedMs = 60_000;
/** Beyond these the oldest are forgotten; an answer then names fewer runners and tasks, never wrong ones. */
const rememberedRunners = 2_000;
const rememberedIdentifiers = 1_000;

/** @param onNewOffer told when a runner offers something else than before, or is new */
export function createRunnersSeen(clock: () => number, onNewOffer: () => void): RunnersSeen {
  /** In the order they last asked, oldest first. */
  const sightings = new Map<object | string, Sighting>();

  const isThere = ({ peer, askedAtMs }: Sighting): boolean =>
    peer?.destroyed === false || clock() - askedAtMs <= rememberedMs;
  const present = () => [...sightings.values()].filter(isThere);

  return {
    note({ cluster, identifiers: offered }, peer) {
      const identifiers = offered.slice(0, rememberedIdentifiers);
      const offerKey = keyOf(cluster, identifiers);
      const key = peer ?? offerKey;
      const isNew = sightings.get(key)?.offerKey !== offerKey;
      sightings.delete(key);
      sightings.set(key, { peer, cluster, identifiers, offerKey, askedAtMs: clock() });
      const [oldest] = sightings.keys();
      if (sightings.size > rememberedRunners && oldest !== undefined) sightings.delete(oldest);
      if (isNew) onNewOffer();
    },

    onCluster({ slug, isDefault }) {
      const here = ({ cluster }: Sighting) =>
        cluster.kind === "default" ? isDefault : cluster.slug === slug;
      return present()
        .filter(here)
        .map(({ identifiers, askedAtMs }) => ({ identifiers, askedAtMs }));
    },

    count: () => present().length,

    offers: () => new Map(present().map((sighting) => [sighting.offerKey, sighting])),
  };
}

function keyOf(cluster: ClusterRef, identifiers: readonly VersionedIdentifier[]): string {
  const slug = cluster.kind === "default" ? "" : cluster.slug;
  return [slug, ...identifiers.map(({ name, version }) => `${version} ${name}`)].join("\n");
}
