import type { Project } from "./project/project.ts";
import { readClusters } from "./release/cluster-calls.ts";
import { resolveRollout } from "./release/clusters.ts";
import type { GateApi } from "./release/gates/gate.ts";
import type { ReleaseApi } from "./release/release-api.ts";
import type { RunRecord } from "./report/record.ts";
import type { RunPlan } from "./run-plan.ts";
import { buildContent, rehearseBuild } from "./stages/build-content.ts";
import { checkAgainstBase } from "./stages/check-against-base.ts";
import { type ObtainPlan, obtainRelease } from "./stages/obtain-release.ts";
import { proveRelease } from "./stages/prove-release.ts";
import { isNewest, requireNotOlder } from "./stages/require-not-older.ts";
import { type RollOutTarget, rollOut } from "./stages/roll-out.ts";
import { enter, type StageDeps } from "./stages/stage.ts";

/** build → publish → dev → production. The record is filled in on the way, so that a failure leaves what was done. */
export async function runPipeline(plan: RunPlan, record: RunRecord, deps: StageDeps): Promise<void> {
  try {
    await runStages(plan, record, deps);
  } finally {
    record.notices.push(...(await deps.settle()));
  }
}

async function runStages(plan: RunPlan, record: RunRecord, deps: StageDeps): Promise<void> {
  const { publish, allow, gates, onFailure } = plan;
  record.mode = { publish: publish.kind === "publish", why: publish.why };
  if (deps.commit !== undefined) record.commit = deps.commit;
  enter(record, "project", deps);
  const project = await deps.loadProject(plan.projectFolder);
  const workflow = project.slug;
  record.slug = workflow;
  const rollout = resolveRollout(plan.clusters, project);

  if (publish.kind === "build-only") {
    enter(record, "build", deps);
    const packed = await deps.packProject(project);
    const build = await buildContent(packed, undefined, record, deps);
    await rehearseBuild(build, project, plan.smokeTask, record, deps);
    await checkAgainstBase(publish.base, build, plan, record, deps);
    if (publish.looksAt !== undefined) {
      const { previewPlan } = await import("./stages/preview-plan.ts");
      await previewPlan(publish.looksAt, build, { ...plan, rollout }, record, deps);
    }
    return;
  }

  const api = await deps.connect(publish.api);
  if (publish.kind === "check") {
    const { checkClusters } = await import("./stages/check-clusters.ts");
    await checkClusters(api, { project, rollout }, record, deps);
    return;
  }
  // A cluster that does not exist is found before anything is published; the plan reads again, because a build takes time.
  const before = await readClusters(api, workflow, rollout, deps.signal);
  const prove: RollOutTarget["prove"] = (deployed) =>
    proveRelease(api, deployed, { project, rollout, gates }, record, deps);
  const target = { workflow, rollout, before, allow, onFailure, planned: plan.plan, gates, prove };
  const wanted = publish.release;
  if (wanted.kind === "previous") {
    const { rollBack } = await import("./stages/roll-back.ts");
    await rollBack(api, target, record, deps);
  } else if (wanted.kind === "auto" && plan.plan?.kind === "only") {
    const { planContent } = await import("./stages/plan-content.ts");
    await planContent(api, await deps.packProject(project), target, record, deps);
  } else {
    await release(
      api,
      project,
      { ...plan, publish: { ...publish, release: wanted }, rollout },
      target,
      record,
      deps,
    );
  }
}

/** Obtains one release and rolls it out. */
async function release(
  api: ReleaseApi & GateApi,
  project: Project,
  plan: ObtainPlan,
  target: Omit<RollOutTarget, "releaseFor" | "reason">,
  record: RunRecord,
  deps: StageDeps,
): Promise<void> {
  const { workflow, allow, gates, rollout } = target;
  const obtained = await obtainRelease(api, project, plan, record, deps);
  record.release = obtained;
  deps.log.info(`Release ${obtained.id}: ${obtained.outcome}`);
  const before = await readClusters(api, workflow, rollout, deps.signal);
  // What was published before is promoted: dev proves it, and production alone is changed.
  const promotes = plan.publish.release.kind !== "auto" && rollout.production.length > 0;
  let shall = rollout;
  if (promotes) {
    const { provePromotion } = await import("./stages/promote.ts");
    const kinds = gates.map(({ kind }) => kind);
    const promotion = { workflow, release: obtained, rollout, before, gates: kinds, allow };
    shall = await provePromotion(api, promotion, record, deps);
  }
  await rollOut(
    api,
    {
      ...target,
      rollout: shall,
      before,
      releaseFor: () => obtained,
      reason: "deploy",
      requireAllowed: (stage, planned) =>
        requireNotOlder(api, { workflow, plan: planned, allow }, stage, record, deps),
      mayClaim: (planned) => isNewest(api, workflow, planned, record, deps),
    },
    record,
    deps,
  );
}
