import type { PackedProject } from "../build/pack-project.ts";
import type { Rollout } from "../release/clusters.ts";
import { planDeployment, type ReleaseToDeploy, type Snapshot } from "../release/deploy-plan.ts";
import { onFailureOf } from "../release/on-failure.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { originText } from "../report/origin-text.ts";
import type { RunRecord } from "../report/record.ts";
import type { RunPlan } from "../run-plan.ts";
import { buildContent } from "./build-content.ts";
import { lookUp } from "./look-up.ts";
import { makePlan } from "./make-plan.ts";
import { enter, type StageDeps } from "./stage.ts";

/** Plans the deployment of the checkout's content, which is built where no release has it. Publishes nothing. */
export async function planContent(
  api: ReleaseApi,
  packed: PackedProject,
  target: Pick<RunPlan, "allow" | "gates" | "onFailure"> & {
    readonly rollout: Rollout;
    readonly before: Snapshot;
  },
  record: RunRecord,
  deps: StageDeps,
): Promise<void> {
  const { rollout, before, allow } = target;
  const content = await contentToDeploy(api, packed, rollout, record, deps);
  await makePlan(
    api,
    {
      workflow: packed.project.slug,
      plan: planDeployment(rollout, before, () => content),
      contract: record.build?.contract,
      gates: target.gates,
      onFailure: onFailureOf(target.onFailure, rollout),
      allow,
    },
    record,
    deps,
  );
}

async function contentToDeploy(
  api: ReleaseApi,
  packed: PackedProject,
  rollout: Rollout,
  record: RunRecord,
  deps: StageDeps,
): Promise<ReleaseToDeploy> {
  enter(record, "publish", deps);
  const { published } = await lookUp(api, packed, rollout, { mustFind: false }, deps);
  if (published !== undefined) {
    record.content = published.content;
    record.release = published.release;
    record.origin = { kind: "release", release: published.release };
    deps.log.info(originText(record.origin, record.startedAtMs));
    return published.release;
  }
  enter(record, "build", deps);
  const { digest, fingerprint } = await buildContent(packed, undefined, record, deps);
  return { id: undefined, digest, fingerprint };
}
