/**
 * What a deployment will do, as data that can be printed, kept and compared: what is deployed, what each cluster
 * has before, what that does to jobs, and what must hold afterwards. Its hash stands for all of it, so that
 * what one job or person looked at is what a later job does.
 */
import { createHash } from "node:crypto";
import type { ContractFinding } from "../engine/contract-rules.ts";
import type { ContractCheck } from "./contract-check.ts";
import type { DeployPlan, PlannedCluster, ReleaseToDeploy } from "./deploy-plan.ts";
import type { OnFailure } from "./on-failure.ts";
import type { StrandedJobs } from "./stranded-jobs.ts";

export interface PlanDocument {
  readonly formatVersion: 1;
  readonly workflow: string;
  readonly clusters: readonly PlanOfCluster[];
  /** Against each release that is replaced. */
  readonly contract: readonly PlanOfContract[];
  /** As the input `gate` has them, in order. */
  readonly gates: readonly string[];
  readonly onFailure: OnFailure;
  /** sha256 of all of the above but the ids of what is deployed. */
  readonly hash: string;
}

interface PlanOfCluster {
  readonly cluster: string;
  readonly stage: PlannedCluster["stage"];
  readonly change: PlannedCluster["change"];
  readonly before: PlanOfRelease | null;
  readonly after: PlanOfRelease;
}

interface PlanOfRelease {
  /** `null` while it is not published. */
  readonly release: string | null;
  readonly digest: string;
  readonly fingerprint: string;
}

interface PlanOfContract {
  readonly against: string;
  readonly findings: readonly Pick<ContractFinding, "task" | "severity" | "kind" | "change">[];
  /** Tasks of jobs that exist and that nothing will run any more. */
  readonly jobs: readonly StrandedJobs[];
}

export interface PlanParts {
  readonly workflow: string;
  readonly plan: DeployPlan<ReleaseToDeploy>;
  readonly checks: readonly ContractCheck[];
  readonly gates: readonly string[];
  readonly onFailure: OnFailure;
}

export function planDocument({ workflow, plan, checks, gates, onFailure }: PlanParts): PlanDocument {
  const unhashed: Omit<PlanDocument, "hash"> = {
    formatVersion: 1,
    workflow,
    clusters: plan.map(({ cluster, stage, change, before, after }) => ({
      cluster,
      stage,
      change,
      before: before === undefined ? null : planOfRelease(before),
      after: planOfRelease(after),
    })),
    contract: checks.map(({ against, findings, jobs }) => ({
      against,
      findings: findings.map(({ task, severity, kind, change }) => ({ task, severity, kind, change })),
      jobs,
    })),
    gates,
    onFailure,
  };
  return { ...unhashed, hash: planHash(unhashed) };
}

function planOfRelease({ id, digest, fingerprint }: ReleaseToDeploy): PlanOfRelease {
  return { release: id ?? null, digest, fingerprint };
}

/**
 * The id of what is deployed is left out, because it has none before it is published: digest and fingerprint say
 * which release it is, since a workflow has one release of a content.
 */
export function planHash(plan: Omit<PlanDocument, "hash"> & { readonly hash?: string }): string {
  const { hash: _, ...hashed } = plan;
  const clusters = plan.clusters.map(({ after: { digest, fingerprint }, ...rest }) => ({
    ...rest,
    after: { digest, fingerprint },
  }));
  return createHash("sha256")
    .update(canonicalJson({ ...hashed, clusters }))
    .digest("hex");
}

/** One text for one value: keys sorted, nothing between the tokens, and what is undefined left out. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
