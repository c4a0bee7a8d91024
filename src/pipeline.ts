import type { Build } from "./build/build.ts";
import type { Log } from "./log.ts";
import type { Project } from "./project/project.ts";
import { type Rollout, resolveRollout, rolloutStages } from "./release/clusters.ts";
import { deployStage, readClusters } from "./release/deploy.ts";
import { type DeployedRelease, planDeployment } from "./release/deploy-plan.ts";
import { publishBuild } from "./release/publish.ts";
import type { ReleaseApi } from "./release/release-api.ts";
import { buildLines } from "./report/build-lines.ts";
import { planLines } from "./report/plan-lines.ts";
import type { RunRecord } from "./report/record.ts";
import type { ApiTarget, RunPlan } from "./run-plan.ts";

export interface PipelineDeps {
  readonly log: Log;
  readonly signal: AbortSignal;
  loadProject(folder: string): Promise<Project>;
  buildProject(project: Project): Promise<Build>;
  connect(target: ApiTarget): Promise<ReleaseApi>;
}

/** build → publish → dev → production. The record is filled in on the way, so that a failure leaves what was done. */
export async function runPipeline(plan: RunPlan, record: RunRecord, deps: PipelineDeps): Promise<void> {
  const { log, signal } = deps;
  record.mode = { publish: plan.publish.kind === "publish", why: plan.publish.why };
  enter(record, "project", signal);
  const project = await deps.loadProject(plan.projectFolder);
  record.slug = project.slug;
  const rollout = resolveRollout(plan.clusters, project);

  enter(record, "build", signal);
  const build = await log.group(`Build ${project.slug}`, async () => {
    const built = await deps.buildProject(project);
    for (const line of buildLines(built)) log.info(line);
    return built;
  });
  record.build = build;
  record.notices.push(...build.notices);
  if (plan.publish.kind === "build-only") return;

  enter(record, "publish", signal);
  const api = await deps.connect(plan.publish.api);
  const before = await readClusters(api, project.slug, rollout, signal);
  const { createWorkflow } = plan.publish;
  record.release = await publishBuild(api, build, { createWorkflow, signal, log });
  log.info(`Release ${record.release.id}: ${record.release.outcome}`);
  await rollOut(api, { workflow: project.slug, rollout, release: record.release, before }, record, deps);
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
  },
  record: RunRecord,
  { log, signal }: Pick<PipelineDeps, "log" | "signal">,
): Promise<void> {
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
  for (const stage of rolloutStages) {
    enter(record, stage, signal);
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
function enter(record: RunRecord, stage: RunRecord["stage"], signal: AbortSignal): void {
  record.stage = stage;
  signal.throwIfAborted();
}
