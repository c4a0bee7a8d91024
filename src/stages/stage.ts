import type { ApiTarget } from "../api/target.ts";
import type { Build } from "../build/build.ts";
import type { BuildOrigin } from "../build/cached-build.ts";
import type { PackedProject } from "../build/pack-project.ts";
import type { TaskContract } from "../engine/contract.ts";
import type { Log } from "../log.ts";
import type { Project } from "../project/project.ts";
import type { RehearsalResult } from "../rehearsal/rehearse.ts";
import type { SmokeTask } from "../rehearsal/smoke-task.ts";
import type { Ancestry } from "../release/ancestry.ts";
import type { DeploymentRecords } from "../release/deployment-records.ts";
import type { GateApi, GateWorld } from "../release/gates/gate.ts";
import type { Publisher } from "../release/publisher/publisher.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import type { RunRecord } from "../report/record.ts";

/** What the stages of a run reach the world through. */
export interface StageDeps {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly world: GateWorld;
  /** When the run is stopped, by the world's clock; infinite where nothing stops it. */
  readonly endsAtMs: number;
  /** Told when the record's stage has changed. */
  readonly stageEntered?: ((record: RunRecord) => void) | undefined;
  loadProject(folder: string): Promise<Project>;
  packProject(project: Project): Promise<PackedProject>;
  /** The build of this content, new or from the cache. */
  build(packed: PackedProject, publishes: boolean): Promise<{ build: Build; origin: BuildOrigin }>;
  /**
   * Waits until nothing of the builds is under way any more, and returns the notices that came late. Whoever has built
   * calls it last, whatever happened. Never rejects.
   */
  settle(): Promise<readonly string[]>;
  /** The contract of the project in another folder, which is `known.contract` where the content is the same. */
  contractOf(
    folder: string,
    outputFolder: string,
    known: Pick<Build, "digest" | "entrypoint" | "contract">,
    signal: AbortSignal,
  ): Promise<TaskContract>;
  rehearse(build: Build, smokeTask: SmokeTask): Promise<RehearsalResult>;
  connect(target: ApiTarget): Promise<ReleaseApi & GateApi>;
  /** The commit that the run is of; undefined at a terminal. */
  readonly commit: string | undefined;
  /** How `ours` stands to what is deployed, by the history of the checkout, of GitHub or of the remote. Never throws. */
  compareCommits(deployed: string, ours: string): Promise<Ancestry>;
  /** Who deployed what, as far as anybody knows. */
  deploymentRecords(api: ReleaseApi): DeploymentRecords;
  /** What GitHub alone has recorded; undefined where it is not asked. */
  readonly githubRecords: DeploymentRecords | undefined;
  /** How a build of the project gets to the server, by what this offers. */
  publisher(api: ReleaseApi, target: ApiTarget, project: Project): Promise<Publisher>;
}

/** The safe points: between two stages nothing is half done. */
export function enter(
  record: RunRecord,
  stage: RunRecord["stage"],
  { signal, stageEntered }: Pick<StageDeps, "signal" | "stageEntered">,
): void {
  record.stage = stage;
  signal.throwIfAborted();
  stageEntered?.(record);
}
