import type { ClusterRef } from "../engine/release.ts";
import type { Slug } from "../engine/slug.ts";
import type { VersionedIdentifier } from "../engine/task-version.ts";

/**
 * Release runners, as they reported last. Who has not reported for `expiryMs` is taken to be gone, by the
 * clock of whoever asks.
 */
export interface RunnerStore {
  /**
   * Takes the place of what this runner reported before. Throws permission-denied when that was with another API
   * key, api-limit when there are too many others, of this key or in all.
   */
  reportRunner(runner: RunnerRecord & { readonly workerKeySha256: string }, expiryMs: number): Promise<void>;
  /** Does nothing when it is not known, or reports with another API key. */
  removeRunner(runner: { readonly id: string; readonly apiKey: string }): Promise<void>;
  /** Longest known first; all of them without a cluster's slug. */
  listRunners(query: {
    readonly cluster: string | undefined;
    readonly expiryMs: number;
  }): Promise<readonly KnownRunnerRecord[]>;
  /** Name of the API key of a runner that is there and gave its workers this key. */
  findRunnerKey(workerKeySha256: string, expiryMs: number): Promise<string | undefined>;
  /** Says what runners of any kind offer now. What is not said again for `expiryMs` is forgotten. */
  noteOffers(offers: readonly SeenOffer[], expiryMs: number): Promise<void>;
  /** What runners of the cluster offer, whatever control plane they ask; the same from many of them once. */
  listOffers(
    cluster: { readonly slug: Slug; readonly isDefault: boolean },
    expiryMs: number,
  ): Promise<readonly { readonly identifiers: readonly VersionedIdentifier[] }[]>;
}

export interface SeenOffer {
  readonly cluster: ClusterRef;
  readonly identifiers: readonly VersionedIdentifier[];
}

interface RunnerRecord {
  /** UUID, the runner's own. */
  readonly id: string;
  readonly cluster: Slug;
  /** Name of the API key that it reports with. */
  readonly apiKey: string;
  /** JSON of what else it says of itself. */
  readonly facts: string;
}

export interface KnownRunnerRecord extends RunnerRecord {
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
}
