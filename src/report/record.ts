import type { Build, CheckedContent } from "../build/build.ts";
import type { BuildOrigin } from "../build/cached-build.ts";
import type { ChangeReason, GateKind } from "../engine/provenance.ts";
import type { ErrorCode } from "../error-table.ts";
import { causeChain, type Problem, type ReleaseError } from "../errors.ts";
import type { RehearsalResult } from "../rehearsal/rehearse.ts";
import type { AllowedBy } from "../release/allowed.ts";
import type { ContractCheck } from "../release/contract-check.ts";
import type { ClusterOutcome } from "../release/deploy.ts";
import type { DeployPlan } from "../release/deploy-plan.ts";
import type { DriftCheck } from "../release/drift.ts";
import type { GateResult } from "../release/gates/gate.ts";
import type { OverwriteCheck } from "../release/overwrite.ts";
import type { PlanDocument } from "../release/plan-document.ts";
import type { Promotion } from "../release/promotion.ts";
import type { PublishedRelease } from "../release/publish.ts";

/** The stages of a run, in their order; a failure names the one it happened in. */
export type Stage =
  | "inputs"
  | "project"
  | "build"
  | "rehearsal"
  | "publish"
  | "promotion"
  | "previous"
  | "status"
  | "contract"
  | "dev"
  | "production";

export interface Failure {
  readonly stage: Stage;
  readonly code: ErrorCode;
  readonly message: string;
  readonly problems: readonly Problem[];
  readonly next: string;
  /** What caused it, outermost first, without the message itself. */
  readonly causes: readonly string[];
}

/** Where a run has its content from. */
export type ContentOrigin = { readonly kind: "release"; readonly release: PublishedRelease } | BuildOrigin;

export interface ContractReport {
  readonly checks: readonly ContractCheck[];
  /** Why there is nothing to compare with. */
  readonly absent?: string;
  /** Breaking findings do not fail the run, because a person said so. */
  readonly allowedBy?: AllowedBy | undefined;
}

/**
 * Everything a run knows about itself, filled in as it goes. All that is shown or put out is made from
 * this alone, so that a run that fails half-way reports the half it did.
 */
export interface RunRecord {
  readonly startedAtMs: number;
  /** The README of the action as it is used, which explains each failure reason. */
  readonly helpUrl?: string;
  /** The project's folder as a person would type it in the checkout. */
  projectPath?: string;
  stage: Stage;
  /** What the run set out to do, and why. */
  mode?: { readonly publish: boolean; readonly why: string };
  slug?: string;
  build?: Build;
  /** Known without a build, from the release that has it. */
  content?: CheckedContent;
  /** Why the run did, or did not, build. */
  origin?: ContentOrigin;
  /** The job that was run from the artifact before anything was published. */
  rehearsal?: RehearsalResult;
  /** How the tasks stand to those of earlier releases, or why that is not known. */
  contract?: ContractReport;
  release?: PublishedRelease;
  /** The commit that the release is deployed as, where one is known. */
  commit?: string;
  /** What proves the release for production. */
  promotion?: Promotion;
  plan?: DeployPlan;
  /** Whether the plan goes on or back. */
  reason?: ChangeReason;
  /** The plan as data, with its hash. */
  planDocument?: PlanDocument;
  /** The clusters that the run had changed were given back what they had. */
  rollback?: { readonly because: ErrorCode };
  /** How the clusters stand to what they should have. */
  drift?: DriftCheck;
  /** One entry a cluster of the rollout: `planned` until its stage was carried out. */
  readonly deployments: Map<string, ClusterOutcome>;
  /** The gates that each cluster is to pass. */
  plannedGates?: readonly GateKind[];
  /** What the gates said, in the order in which they were run. */
  readonly gates: GateResult[];
  /** By cluster: how the commit stands to the one that was there. */
  readonly overwrites: Map<string, OverwriteCheck>;
  readonly notices: string[];
  failure?: Failure;
  endedAtMs?: number;
}

export function startRecord(startedAtMs: number, helpUrl?: string): RunRecord {
  return {
    startedAtMs,
    ...(helpUrl === undefined ? {} : { helpUrl }),
    stage: "inputs",
    deployments: new Map(),
    gates: [],
    overwrites: new Map(),
    notices: [],
  };
}

/** What the run's release is made of, whether or not it had to be built. */
export function contentOf({ build, content }: RunRecord): CheckedContent | undefined {
  return build ?? content;
}

export function recordFailure(record: RunRecord, error: ReleaseError): void {
  record.failure = {
    stage: record.stage,
    code: error.code,
    message: error.message,
    problems: error.problems,
    next: error.next,
    causes: causeChain(error).slice(1),
  };
}

/** Whether the run changed anything on the control plane. */
export function hasChanged(record: RunRecord): boolean {
  return (
    record.release?.outcome === "created" ||
    [...record.deployments.values()].some(
      ({ outcome, before, after }) =>
        outcome === "not-restored" || (outcome === "deployed" && before !== after),
    )
  );
}
