import type { VersionedIdentifier } from "../../engine/task-version.ts";
import type { GateContext } from "./gate.ts";
import type { GateJobs, SubmittedJob } from "./gate-jobs.ts";

/** One gate under way on one cluster. */
export interface GateRun extends GateContext {
  /** Begins what is logged: `dev smoke`. */
  readonly title: string;
  /** By the world's clock: the gate's own limit or the run's, whichever comes first. */
  readonly untilMs: number;
  readonly jobs: GateJobs;
  readonly content: DeployedContent;
  /** Of all gates on this cluster. */
  readonly handover: Handover;
}

/** What the release is made of, as the cluster tells it. */
export interface DeployedContent {
  readonly tasks: readonly VersionedIdentifier[];
  /** Paths relative to the project's root. */
  readonly files: readonly string[];
}

export interface Handover {
  /** A `smoke` gate follows, of the same task. */
  readonly toSmoke: boolean;
  /** What `ready` has seen claimed, and `smoke` follows to its end. */
  claimed: SubmittedJob | undefined;
}
