import { readClusters } from "./release/cluster-calls.ts";
import { resolveRollout } from "./release/clusters.ts";
import type { RunRecord } from "./report/record.ts";
import type { RunPlan } from "./run-plan.ts";
import { buildContent, rehearseBuild } from "./stages/build-content.ts";
import { checkAgainstBase } from "./stages/check-against-base.ts";
import { reuseOrPublish } from "./stages/obtain-release.ts";
import { rollOut } from "./stages/roll-out.ts";
import { enter, type StageDeps } from "./stages/stage.ts";

/** build → publish → dev → production. The record is filled in on the way, so that a failure leaves what was done. */
export async function runPipeline(plan: RunPlan, record: RunRecord, deps: StageDeps): Promise<void> {
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
  const found = await readClusters(api, project.slug, rollout, signal);
  if (plan.plan?.kind === "only") {
    const { planContent } = await import("./stages/plan-content.ts");
    await planContent(api, packed, { ...plan, rollout, before: found }, record, deps);
    return;
  }
  record.release = await reuseOrPublish(api, packed, plan, plan.publish, record, deps);
  log.info(`Release ${record.release.id}: ${record.release.outcome}`);
  const before = await readClusters(api, project.slug, rollout, signal);
  const { release } = record;
  await rollOut(
    api,
    {
      workflow: project.slug,
      rollout,
      before,
      releaseFor: () => release,
      reason: "deploy",
      allow: plan.allow,
      onFailure: plan.onFailure,
      planned: plan.plan,
      gates: [],
    },
    record,
    deps,
  );
}
