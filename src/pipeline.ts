import type { Build } from "./build/build.ts";
import type { BuildOrigin, ContentChanges } from "./build/cached-build.ts";
import type { PackedProject } from "./build/pack-project.ts";
import type { TaskContract } from "./engine/contract.ts";
import type { Log } from "./log.ts";
import type { Project } from "./project/project.ts";
import type { RehearsalResult } from "./rehearsal/rehearse.ts";
import { requireCompleted } from "./rehearsal/require-completed.ts";
import type { SmokeTask } from "./rehearsal/smoke-task.ts";
import { type Rollout, resolveRollout, rolloutStages } from "./release/clusters.ts";
import { changesSince } from "./release/content-changes.ts";
import { checkDeployedContracts, requireUnbroken } from "./release/contract-check.ts";
import { deployStage, readClusters } from "./release/deploy.ts";
import { type DeployedRelease, planDeployment } from "./release/deploy-plan.ts";
import type { PublishedRelease } from "./release/publish.ts";
import type { ReleaseApi } from "./release/release-api.ts";
import { buildLines } from "./report/build-lines.ts";
import { contractLines } from "./report/contract-lines.ts";
import { originText } from "./report/origin-text.ts";
import { planLines } from "./report/plan-lines.ts";
import type { RunRecord } from "./report/record.ts";
import { duration, treeLines } from "./report/task-tree.ts";
import type { ApiTarget, BaseCommit, PublishPlan, RunPlan } from "./run-plan.ts";

export interface PipelineDeps {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Told when the record's stage has changed. */
  readonly stageEntered?: ((record: RunRecord) => void) | undefined;
  loadProject(folder: string): Promise<Project>;
  packProject(project: Project): Promise<PackedProject>;
  /** The build of this content, new or from the cache. */
  build(packed: PackedProject, publishes: boolean): Promise<{ build: Build; origin: BuildOrigin }>;
  /** The contract of the project in another folder, which is `known.contract` where the content is the same. */
  contractOf(
    folder: string,
    outputFolder: string,
    known: Pick<Build, "digest" | "entrypoint" | "contract">,
    signal: AbortSignal,
  ): Promise<TaskContract>;
  rehearse(build: Build, smokeTask: SmokeTask): Promise<RehearsalResult>;
  connect(target: ApiTarget): Promise<ReleaseApi>;
}

/** build → publish → dev → production. The record is filled in on the way, so that a failure leaves what was done. */
export async function runPipeline(plan: RunPlan, record: RunRecord, deps: PipelineDeps): Promise<void> {
  const { log, signal } = deps;
  record.mode = { publish: plan.publish.kind === "publish", why: plan.publish.why };
  enter(record, "project", deps);
  const project = await deps.loadProject(plan.projectFolder);
  record.slug = project.slug;
  const rollout = resolveRollout(plan.clusters, project);

  enter(record, "build", deps);
  const packed = await deps.packProject(project);
  if (plan.publish.kind === "build-only") {
    const build = await buildContent(packed, undefined, record, deps);
    await rehearseBuild(build, project, plan.smokeTask, record, deps);
    await checkAgainstBase(plan.publish.base, build, plan, record, deps);
    return;
  }

  const api = await deps.connect(plan.publish.api);
  // A cluster that does not exist is found before anything is published; the plan reads again, because a build takes time.
  await readClusters(api, project.slug, rollout, signal);
  record.release = await reuseOrPublish(api, packed, plan, plan.publish, record, deps);
  log.info(`Release ${record.release.id}: ${record.release.outcome}`);
  const before = await readClusters(api, project.slug, rollout, signal);
  const { allowBreaking } = plan;
  const target = { workflow: project.slug, rollout, release: record.release, before, allowBreaking };
  await rollOut(api, target, record, deps);
}

async function rehearseBuild(
  build: Build,
  project: Project,
  smokeTask: SmokeTask | undefined,
  record: RunRecord,
  deps: PipelineDeps,
): Promise<void> {
  if (smokeTask === undefined) return;
  enter(record, "rehearsal", deps);
  const { name, version } = smokeTask.task;
  const result = await deps.log.group(`Rehearse ${name}@${version}`, async () => {
    const rehearsal = await deps.rehearse(build, smokeTask);
    for (const line of treeLines(rehearsal.tree).split("\n")) deps.log.info(line);
    return rehearsal;
  });
  record.rehearsal = result;
  deps.log.info(`Rehearsal: ${result.outcome} in ${duration(result.tookMs)}`);
  requireCompleted(result, project);
}

async function checkAgainstBase(
  base: BaseCommit | undefined,
  build: Build,
  { projectFolder, allowBreaking }: RunPlan,
  record: RunRecord,
  deps: PipelineDeps,
): Promise<void> {
  if (base === undefined) return;
  enter(record, "contract", deps);
  const { compareWithBase } = await import("./release/base-contract.ts");
  const check = await compareWithBase({
    base,
    projectFolder,
    contract: build.contract,
    build: (folder, outputFolder, signal) => deps.contractOf(folder, outputFolder, build, signal),
    signal: deps.signal,
  });
  if ("absent" in check) {
    record.contract = { checks: [], absent: check.absent, allowBreaking };
    deps.log.info(`Task contract: not compared, ${check.absent}`);
    return;
  }
  record.contract = { checks: [check], allowBreaking };
  for (const line of contractLines(check)) deps.log.info(line);
  requireUnbroken([check], allowBreaking);
}

/** The release that has this content already, else a new one, built and published. */
async function reuseOrPublish(
  api: ReleaseApi,
  packed: PackedProject,
  { smokeTask }: RunPlan,
  plan: PublishPlan,
  record: RunRecord,
  deps: PipelineDeps,
): Promise<PublishedRelease> {
  const { log, signal } = deps;
  enter(record, "publish", deps);
  // Loaded here with the wire's messages, which a check does not need.
  const { lookUpContent, noReleaseHas } = await import("./release/published-content.ts");
  const { published, newest } = await lookUpContent(api, packed, signal);
  if (published !== undefined) {
    record.content = published.content;
    record.origin = { kind: "release", release: published.release };
    record.notices.push(...packed.notices);
    log.info(originText(record.origin, record.startedAtMs));
    if (smokeTask !== undefined) log.info("Rehearsal: not run, because this content is published already");
    return published.release;
  }
  if (plan.release === "existing") throw noReleaseHas(packed);
  enter(record, "build", deps);
  // Meanwhile, because it only explains.
  const changes = newest && changesSince(api, newest, packed, signal);
  const build = await buildContent(packed, changes, record, deps);
  await rehearseBuild(build, packed.project, smokeTask, record, deps);
  enter(record, "publish", deps);
  const { publishBuild } = await import("./release/publish.ts");
  return await publishBuild(api, build, { createWorkflow: plan.createWorkflow, signal, log });
}

async function buildContent(
  packed: PackedProject,
  changes: Promise<ContentChanges | undefined> | undefined,
  record: RunRecord,
  deps: PipelineDeps,
): Promise<Build> {
  const { log } = deps;
  return await log.group(`Build ${packed.project.slug}`, async () => {
    const { build, origin } = await deps.build(packed, record.mode?.publish === true);
    record.build = build;
    record.origin =
      origin.kind === "built" ? { ...origin, changes: (await changes) ?? origin.changes } : origin;
    record.notices.push(...build.notices);
    for (const line of buildLines(build)) log.info(line);
    log.info(originText(record.origin, record.startedAtMs));
    return build;
  });
}

/** Prints the plan and carries it out, dev first; production is reached only when every dev cluster has the release. */
export async function rollOut(
  api: ReleaseApi,
  target: {
    readonly workflow: string;
    readonly rollout: Rollout;
    readonly release: DeployedRelease;
    /** What each cluster of the rollout had when it was read. */
    readonly before: ReadonlyMap<string, DeployedRelease | undefined>;
    readonly allowBreaking: boolean;
  },
  record: RunRecord,
  deps: Pick<PipelineDeps, "log" | "signal" | "stageEntered">,
): Promise<void> {
  const { log, signal } = deps;
  const plan = planDeployment(target.rollout, target.before, target.release);
  record.plan = plan;
  for (const { cluster, stage, before } of plan) {
    record.deployments.set(cluster, {
      cluster,
      stage,
      before: before?.id,
      after: before?.id,
      outcome: "planned",
    });
  }
  for (const line of planLines(plan)) log.info(line);
  enter(record, "contract", deps);
  const { workflow, allowBreaking } = target;
  const checks = await checkDeployedContracts(
    api,
    { workflow, plan, contract: record.build?.contract },
    signal,
  );
  if (checks.length > 0) record.contract = { checks, allowBreaking };
  for (const line of checks.flatMap(contractLines)) log.info(line);
  requireUnbroken(checks, allowBreaking);
  for (const stage of rolloutStages) {
    enter(record, stage, deps);
    await deployStage(api, target.workflow, plan, stage, {
      signal,
      report: (outcome) => {
        record.deployments.set(outcome.cluster, outcome);
        log.info(`  ${outcome.cluster}: ${outcome.outcome}`);
      },
    });
  }
}

/** The safe points: between two stages nothing is half done. */
function enter(
  record: RunRecord,
  stage: RunRecord["stage"],
  { signal, stageEntered }: Pick<PipelineDeps, "signal" | "stageEntered">,
): void {
  record.stage = stage;
  signal.throwIfAborted();
  stageEntered?.(record);
}
