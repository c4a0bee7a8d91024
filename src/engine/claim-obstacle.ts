/** Why a queued task is not being claimed, in words that tell a person what to change. */
import type { JobState } from "./job-state.ts";
import type { Slug } from "./slug.ts";
import type { TaskIdentifier } from "./task-identifier.ts";
import type { TaskState } from "./task-state.ts";
import { canRun, type VersionedIdentifier } from "./task-version.ts";

/** What is known about a task and about who could claim it. */
export interface ClaimSituation {
  readonly state: TaskState;
  readonly job: JobState;
  readonly cluster: Slug;
  readonly identifier: VersionedIdentifier;
  /** Displays of tasks it depends on whose subtrees are not done; a few of them. */
  readonly openDependencies: readonly string[];
  /** Runners that asked for tasks of the cluster lately. */
  readonly runners: readonly { readonly identifiers: readonly VersionedIdentifier[] }[];
  /** Tasks of the releases that are deployed to the cluster. */
  readonly deployed: readonly VersionedIdentifier[];
}

export type ClaimObstacle =
  | { readonly kind: "not-queued"; readonly state: TaskState }
  | { readonly kind: "job-canceled" }
  | { readonly kind: "job-failed" }
  | { readonly kind: "dependency-incomplete"; readonly dependencies: readonly string[] }
  | { readonly kind: "no-runner"; readonly cluster: Slug }
  /** Neither a deployed release nor a runner has a task of this name. */
  | { readonly kind: "no-deployment"; readonly cluster: Slug; readonly name: string }
  | { readonly kind: "wrong-major"; readonly wanted: string; readonly available: readonly string[] }
  | { readonly kind: "minor-too-old"; readonly wanted: string; readonly available: readonly string[] }
  /** A deployed release has it and runners ask, but none of them has loaded that release. */
  | { readonly kind: "not-loaded"; readonly cluster: Slug };

/** Everything that stands in the way; empty when the task will be claimed as soon as its turn comes. */
export function claimObstacles(situation: ClaimSituation): ClaimObstacle[] {
  const { state, job, openDependencies } = situation;
  if (state !== "queued") return [{ kind: "not-queued", state }];
  const obstacles: ClaimObstacle[] = [];
  if (job === "canceled") obstacles.push({ kind: "job-canceled" });
  if (job === "failed") obstacles.push({ kind: "job-failed" });
  if (openDependencies.length > 0) {
    obstacles.push({ kind: "dependency-incomplete", dependencies: openDependencies });
  }
  return [...obstacles, ...runnerObstacles(situation)];
}

function runnerObstacles({ cluster, identifier, runners, deployed }: ClaimSituation): ClaimObstacle[] {
  const offered = runners.flatMap((runner) => runner.identifiers);
  if (offered.some((candidate) => canRun(candidate, identifier))) return [];
  const obstacles: ClaimObstacle[] = [];
  if (runners.length === 0) obstacles.push({ kind: "no-runner", cluster });
  if (deployed.some((candidate) => canRun(candidate, identifier))) {
    if (runners.length > 0) obstacles.push({ kind: "not-loaded", cluster });
    return obstacles;
  }
  const named = [...offered, ...deployed].filter((candidate) => candidate.name === identifier.name);
  const sameMajor = named.filter((candidate) => candidate.major === identifier.major);
  const wanted = identifier.version;
  if (sameMajor.length > 0) obstacles.push({ kind: "minor-too-old", wanted, available: versions(sameMajor) });
  else if (named.length > 0) obstacles.push({ kind: "wrong-major", wanted, available: versions(named) });
  else obstacles.push({ kind: "no-deployment", cluster, name: identifier.name });
  return obstacles;
}

function versions(identifiers: readonly TaskIdentifier[]): string[] {
  return [...new Set(identifiers.map((identifier) => identifier.version))].sort();
}
