/**
 * Whether the clusters have what they should: what this repository's runs deployed last, and the clusters of
 * the targets in tilebox.workflow.toml. Pure, so that it can be shown, put out and tried.
 */
import { type Problem, UserError } from "../errors.ts";

/** What is known of the changes of one cluster. */
export interface ClusterHistory {
  /** What the repository's own runs wanted there last; null is no release. */
  readonly wanted: Wanted | undefined;
  /** Who changed the cluster last, whoever it was. */
  readonly changed: Change | undefined;
}

export interface Wanted extends Change {
  readonly release: string | null;
}

/** Who changed something, as far as it is known. */
export interface Change {
  readonly atMs: number;
  /** Name of the API key. */
  readonly key?: string;
  readonly repository?: string;
  readonly actor?: string;
  readonly commit?: string;
  /** Address of the run. */
  readonly runUrl?: string;
}

export type Drift =
  /** It has something else than was deployed last. */
  | "changed"
  /** A target names it, and it has no release. */
  | "empty"
  /** A target names it, and there is no such cluster. */
  | "missing"
  /** No target names it, and it has a release. */
  | "stray";

export interface ClusterCheck {
  readonly cluster: string;
  /** Names of the targets that it is a cluster of. */
  readonly targets: readonly string[];
  /** What it should have; undefined where nothing says so; null is no release. */
  readonly expected: string | null | undefined;
  readonly wanted: Wanted | undefined;
  readonly actual: string | null;
  /** Undefined where all is well. */
  readonly drift: Drift | undefined;
  /** Of a drift: who changed the cluster last. */
  readonly changedBy: Change | undefined;
}

export interface DriftCheck {
  readonly workflow: string;
  /** Clusters that have the workflow or should have it, in the order of the control plane. */
  readonly clusters: readonly ClusterCheck[];
}

export function checkDrift(
  workflow: string,
  facts: {
    /** Every cluster that there is, with its release of the workflow. */
    readonly actual: ReadonlyMap<string, string | undefined>;
    readonly targets: ReadonlyMap<string, readonly string[]>;
    readonly histories: ReadonlyMap<string, ClusterHistory>;
  },
): DriftCheck {
  const targetsOf = (cluster: string) =>
    [...facts.targets].filter(([, clusters]) => clusters.includes(cluster)).map(([name]) => name);
  const named = new Set([...facts.targets.values()].flat());
  const clusters = [...new Set([...facts.actual.keys(), ...named])]
    .map((cluster): ClusterCheck => {
      const { wanted, changed } = facts.histories.get(cluster) ?? {};
      const actual = facts.actual.get(cluster) ?? null;
      const drift = driftOf(actual, {
        exists: facts.actual.has(cluster),
        isNamed: named.size === 0 ? undefined : named.has(cluster),
        wanted: wanted?.release,
      });
      const changedBy = drift === "missing" ? undefined : drift && changed;
      return {
        ...{ cluster, targets: targetsOf(cluster), wanted, actual, drift, changedBy },
        expected: drift === "stray" && wanted === undefined ? null : wanted?.release,
      };
    })
    .filter(({ actual, wanted, targets }) => actual !== null || wanted !== undefined || targets.length > 0);
  return { workflow, clusters };
}

function driftOf(
  actual: string | null,
  known: {
    readonly exists: boolean;
    /** Undefined where there are no targets. */
    readonly isNamed: boolean | undefined;
    readonly wanted: string | null | undefined;
  },
): Drift | undefined {
  if (!known.exists) return known.isNamed === true ? "missing" : undefined;
  if (known.wanted !== undefined && known.wanted !== actual) return "changed";
  if (known.isNamed === true && actual === null) return "empty";
  // What our own runs deployed there is no surprise, whatever the file names.
  if (known.isNamed === false && actual !== null && known.wanted === undefined) return "stray";
  return undefined;
}

/** In words, as the end of a sentence that begins with the cluster's name. */
export const driftWords: Readonly<Record<Drift, string>> = {
  changed: "has something else than was deployed last",
  empty: "has no release, and a target names it",
  missing: "does not exist, and a target names it",
  stray: "has a release, and no target names it",
};

/** @throws UserError drift-found, one problem a cluster; also when nothing is known to compare with. */
export function requireNoDrift({ workflow, clusters }: DriftCheck): void {
  const drifted = clusters.filter(({ drift }) => drift !== undefined);
  if (drifted.length > 0) {
    throw new UserError(
      "drift-found",
      `${drifted.length} of ${clusters.length} clusters do not have what they should have of ${workflow}`,
      { problems: drifted.map(driftProblem) },
    );
  }
  if (clusters.every(({ expected, targets }) => expected === undefined && targets.length === 0)) {
    throw new UserError("drift-found", `Nothing says what the clusters should have of ${workflow}`, {
      next: "Name the clusters in [targets] of tilebox.workflow.toml, or deploy once from a run on GitHub.",
    });
  }
}

function driftProblem({ cluster, drift, expected, actual, changedBy }: ClusterCheck): Problem {
  const text = (release: string | null | undefined) => release ?? "no release";
  const facts = expected === undefined ? `has ${text(actual)}` : `has ${text(actual)}, not ${text(expected)}`;
  const who = changedBy === undefined ? "" : `; changed ${changeText(changedBy)}`;
  return {
    message: `${cluster}: ${drift === undefined || drift === "changed" ? facts : driftWords[drift]}${who}`,
  };
}

/** "2026-01-31 12:00 UTC by anna with the key ci in acme/tiles". */
export function changeText({ atMs, actor, key, repository, runUrl }: Change): string {
  const when = `${new Date(atMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const who = [
    actor === undefined ? "" : `by ${actor}`,
    key === undefined ? "" : `with the key ${key}`,
    runUrl === undefined ? (repository === undefined ? "" : `in ${repository}`) : `in ${runUrl}`,
  ];
  return [when, ...who.filter(Boolean)].join(" ");
}
