/** What one run shall do, decided before anything is read or changed. The action and the CLI both make one. */
import type { ApiTarget } from "./api/target.ts";
import type { CachePlan } from "./build/cache/open-cache.ts";
import type { SmokeTask } from "./rehearsal/smoke-task.ts";
import type { Allowed } from "./release/allowed.ts";
import type { BaseCommit } from "./release/base-contract.ts";
import type { ClusterInputs } from "./release/clusters.ts";
import type { PlanInput } from "./release/expected-plan.ts";
import type { Gate } from "./release/gates/gate.ts";
import type { OnFailure } from "./release/on-failure.ts";

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

/** A run that publishes takes only what a run with the same key wrote; one that only checks may hold no key. */
export function cachePlan(publish: RunPlan["publish"], apiKey: string | undefined): CachePlan {
  if (publish.kind === "publish" && publish.api.apiKey === undefined) {
    return { kind: "off", miss: { kind: "no-credentials" } };
  }
  return { kind: "on", apiKey };
}

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
