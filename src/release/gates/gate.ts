/**
 * Gates: what must hold on a cluster after a release was deployed there, before the roll-out goes on. A
 * failed gate is a result, not an error: what to do about it is the roll-out's to decide.
 */
import type { HttpApiClient } from "../../api/client.ts";
import type { Random } from "../../engine/id.ts";
import type { Problem } from "../../errors.ts";
import type { TaskTree } from "../../jobs/tree.ts";
import type { Log } from "../../log.ts";
import type { Project } from "../../project/project.ts";
import type { SmokeTask } from "../../rehearsal/smoke-task.ts";
import type { RolloutStage } from "../clusters.ts";
import type { DeployedRelease } from "../deploy-plan.ts";
import type { GateRecord } from "../deployment-records.ts";

/** One entry of the input `gate`. */
export type Gate =
  /** A runner on the cluster has loaded the release; where runners are not listed, it claims `task`. */
  | { readonly kind: "ready"; readonly task: SmokeTask | undefined }
  /** A job of `task` completes on the cluster. */
  | { readonly kind: "smoke"; readonly task: SmokeTask }
  /** The newest `jobs` completed jobs of these clusters complete too; empty for the run's production clusters. Dev only. */
  | { readonly kind: "replay"; readonly jobs: number; readonly of: readonly string[] }
  /** No task of the release's jobs fails on the cluster for so long. */
  | { readonly kind: "soak"; readonly minutes: number };

/** Those that are run on the clusters of a stage: production jobs are replayed on dev alone. */
export function gatesOn(stage: RolloutStage, gates: readonly Gate[]): readonly Gate[] {
  return gates.filter(({ kind }) => kind !== "replay" || stage === "dev");
}

/** Why a gate failed; gateReasons says it in words. */
export type GateReason =
  | "no-runner"
  | "release-not-loaded"
  | "release-refused"
  | "release-replaced"
  | "task-not-claimed"
  | "task-not-offered"
  | "queue-busy"
  | "task-failed"
  | "job-canceled"
  | "job-not-ended"
  | "smoke-task-missing"
  | "time-too-short"
  | "control-plane-failed";

export const gateReasons: Readonly<Record<GateReason, string>> = {
  "no-runner": "no runner on cluster",
  "release-not-loaded": "runner has not loaded the release",
  "release-refused": "runner refused the release",
  "release-replaced": "cluster has another release by now",
  "task-not-claimed": "no runner claimed the task",
  "task-not-offered": "task waits for what no release on the cluster has",
  "queue-busy": "queue is busy",
  "task-failed": "task claimed but failed",
  "job-canceled": "job was canceled",
  "job-not-ended": "job did not end in time",
  "smoke-task-missing": "no smoke-task to prove it with",
  "time-too-short": "timeout-minutes leave no time for it",
  "control-plane-failed": "control plane did not answer, or refused",
};

export interface GateResult extends GateRecord {
  /** Slug. */
  readonly cluster: string;
  readonly stage: RolloutStage;
  readonly reason?: GateReason;
  /** What a person must see of a failure: tracebacks with their lines of the project, a runner's own words. */
  readonly problems: readonly Problem[];
  /** What to do about a failure. */
  readonly next?: string;
  /** Jobs that the gate submitted, in the order it did. */
  readonly jobs: readonly GateJob[];
  /** The tasks of the job that failed. */
  readonly tree?: TaskTree;
}

export interface GateJob {
  readonly id: string;
  readonly name: string;
  /** `unended`: it was still under way when the gate gave up, and was canceled. */
  readonly outcome: "completed" | "failed" | "canceled" | "unended";
  readonly tasks: number;
  /** From the first task's start to the last one's end. */
  readonly elapsedMs: number | undefined;
  /** The production job that it is a clone of. */
  readonly original?: { readonly id: string; readonly tasks: number; readonly elapsedMs: number | undefined };
}

/** What gates need of a control plane. */
export type GateApi = Pick<HttpApiClient, "workflows" | "jobs" | "telemetry" | "listRunners" | "explainJob">;

export interface GateContext {
  readonly api: GateApi;
  /** Slugs. */
  readonly workflow: string;
  readonly cluster: string;
  readonly stage: RolloutStage;
  readonly release: DeployedRelease;
  /** When it was deployed on this cluster; for one that was there already, when the roll-out looked. */
  readonly deployedAtMs: number;
  /** Whose jobs `replay` clones unless it says otherwise. */
  readonly productionClusters: readonly string[];
  /** Where tracebacks find their lines; without it they name files relative to the project's root. */
  readonly project: Pick<Project, "root" | "repositoryRoot"> | undefined;
  /** Aborting cancels the jobs that gates submitted and rejects with the signal's reason. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Told each result as soon as it is known, so that an abort does not hide what was found. */
  report(result: GateResult): void;
  readonly world: GateWorld;
  readonly limits: GateLimits;
}

/** What varies from run to run. */
export interface GateWorld {
  clock(): number;
  /** Ends early, without rejecting, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  readonly random: Random;
}

/** How long each gate waits at most. `soak` has its own minutes. */
export interface GateLimits {
  readonly readyMs: number;
  readonly smokeMs: number;
  /** For all jobs of it together. */
  readonly replayMs: number;
  /** By the clock of GateWorld: no gate waits beyond it. */
  readonly endsAtMs: number;
}
