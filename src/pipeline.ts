import { readClusters } from "./release/cluster-calls.ts";
import { resolveRollout } from "./release/clusters.ts";
import type { RunRecord } from "./report/record.ts";
import type { RunPlan } from "./run-plan.ts";
import { buildContent, rehearseBuild } from "./stages/build-content.ts";
import { checkAgainstBase } from "./stages/check-against-base.ts";
import { obtainRelease } from "./stages/obtain-release.ts";
import { proveRelease } from "./stages/prove-release.ts";
import { requireNotOlder } from "./stages/require-not-older.ts";
import { rollOut } from "./stages/roll-out.ts";
import { enter, type StageDeps } from "./stages/stage.ts";

/** build → publish → dev → production. The record is filled in on the way, so that a failure leaves what was done. */
export async function runPipeline(plan: RunPlan, record: RunRecord, deps: StageDeps): Promise<void> {
  const { log, signal } = deps;
  record.mode = { publish: plan.publish.kind === "publish", why: plan.publish.why };
  if (deps.commit !== undefined) record.commit = deps.commit;
  enter(record, "project", deps);
  const project = await deps.loadProject(plan.projectFolder);
  const workflow = project.slug;
  record.slug = workflow;
  const rollout = resolveRollout(plan.clusters, project);

  if (plan.publish.kind === "build-only") {
    enter(record, "build", deps);
    const packed = await deps.packProject(project);
    const build = await buildContent(packed, undefined, record, deps);
    await rehearseBuild(build, project, plan.smokeTask, record, deps);
    await checkAgainstBase(plan.publish.base, build, plan, record, deps);
    return;
  }

  const api = await deps.connect(plan.publish.api);
  // A cluster that does not exist is found before anything is published; the plan reads again, because a build takes time.
  const found = await readClusters(api, workflow, rollout, signal);
  if (plan.plan?.kind === "only") {
    const { planContent } = await import("./stages/plan-content.ts");
    const packed = await deps.packProject(project);
    await planContent(api, packed, { ...plan, rollout, before: found }, record, deps);
    return;
  }
  const release = await obtainRelease(
    api,
    project,
    { ...plan, publish: plan.publish, rollout },
    record,
    deps,
  );
  record.release = release;
  log.info(`Release ${release.id}: ${release.outcome}`);
  const before = await readClusters(api, workflow, rollout, signal);
  const { allow, gates } = plan;
  // What was published before is promoted: dev proves it, and production alone is changed.
  const promotes = plan.publish.release.kind !== "auto" && rollout.production.length > 0;
  let shall = rollout;
  if (promotes) {
    const { provePromotion } = await import("./stages/promote.ts");
    const kinds = gates.map(({ kind }) => kind);
    const promotion = { workflow, release, rollout, before, gates: kinds, allow };
    shall = await provePromotion(api, promotion, record, deps);
  }
  await rollOut(
    api,
    {
      workflow,
      rollout: shall,
      before,
      releaseFor: () => release,
      reason: "deploy",
      allow,
      onFailure: plan.onFailure,
      planned: plan.plan,
      gates,
      prove: (deployed) => proveRelease(api, deployed, { project, rollout, gates }, record, deps),
      requireAllowed: (stage, planned) =>
        requireNotOlder(api, { workflow, plan: planned, allow }, stage, record, deps),
    },
    record,
    deps,
  );
}
