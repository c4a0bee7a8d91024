/** What one run shall do, decided before anything is read or changed. The action and the CLI both make one. */

import type { CacheMiss } from "./build/cache/miss.ts";
import type { SmokeTask } from "./rehearsal/smoke-task.ts";
import type { PlanInput } from "./release/expected-plan.ts";
import type { Gate } from "./release/gates/gate.ts";
import type { OnFailure } from "./release/on-failure.ts";

/** Where the control plane is and who we are there. Never logged as a whole: it holds the key. */
export interface ApiTarget {
  readonly url: string;
  /** Absent where a control plane runs without authentication. */
  readonly apiKey: string | undefined;
}

/** One entry of a cluster input: a slug, or all clusters of a [targets] table. */
export type ClusterInput =
  | { readonly kind: "slug"; readonly slug: string }
  | { readonly kind: "target"; readonly name: string };

export interface ClusterInputs {
  readonly dev: readonly ClusterInput[];
  readonly production: readonly ClusterInput[];
}

/**
 * Which release a run deploys. `auto`: the one that has this content, else a new one. `existing`: the one that has
 * this content; nothing is built. `id`: that one. `previous`: on each cluster the one that it had before.
 */
export type ReleaseInput = OneRelease | { readonly kind: "previous" };

/** The same release for every cluster. */
export type OneRelease =
  | { readonly kind: "auto" | "existing" }
  | { readonly kind: "id"; readonly id: string };

export interface PublishPlan {
  readonly kind: "publish";
  /** Why, as the rest of a sentence: "push to refs/heads/main with an API key". */
  readonly why: string;
  readonly api: ApiTarget;
  readonly createWorkflow: boolean;
  readonly release: ReleaseInput;
}

export interface BuildOnlyPlan {
  readonly kind: "build-only";
  readonly why: string;
  /** What the checkout is to be merged into, to compare the task contract with. */
  readonly base?: BaseCommit;
  /** Where to look at the clusters, which stay as they are; absent where the run has no key. */
  readonly looksAt?: ApiTarget;
}

/** Nothing is built, published or deployed: the clusters are compared with what they should have. */
interface CheckPlan {
  readonly kind: "check";
  readonly why: string;
  readonly api: ApiTarget;
}

export interface BaseCommit {
  /** For a person: the branch. */
  readonly name: string;
  /** An id; on a laptop anything that git takes for a commit. */
  readonly commit: string;
  /** The pull request's own commit. */
  readonly head?: string;
}

/** Whether builds are looked for in the cache and kept there, and in whose name. */
export type CachePlan =
  | { readonly kind: "on"; readonly apiKey: string | undefined }
  | { readonly kind: "off"; readonly miss: CacheMiss };

/** A run that publishes takes only what a run with the same key wrote; one that only checks may hold no key. */
export function cachePlan(publish: RunPlan["publish"], apiKey: string | undefined): CachePlan {
  if (publish.kind === "publish" && publish.api.apiKey === undefined) {
    return { kind: "off", miss: { kind: "no-credentials" } };
  }
  return { kind: "on", apiKey };
}

/**
 * What a run refuses unless a person allows it. `breaking`: a task contract that breaks jobs which exist. `older`: an
 * older or other commit than the one that is deployed. `unproven`: production without proof from the dev clusters.
 */
export const allowances = ["breaking", "older", "unproven"] as const;
export type Allowance = (typeof allowances)[number];

/** Where a person allowed it. */
export type AllowedBy = "input" | "label" | "option";
export type Allowed = ReadonlyMap<Allowance, AllowedBy>;

export interface RunPlan {
  /** Absolute folder to look for tilebox.workflow.toml in, and upward. */
  readonly projectFolder: string;
  readonly publish: PublishPlan | BuildOnlyPlan | CheckPlan;
  readonly clusters: ClusterInputs;
  /** The job to run from the artifact before anything is published. */
  readonly smokeTask: SmokeTask | undefined;
  readonly allow: Allowed;
  /** In the order in which they are run, on each cluster. */
  readonly gates: readonly Gate[];
  /** Undefined is the default for the clusters. */
  readonly onFailure: OnFailure | undefined;
  readonly plan: PlanInput | undefined;
}
