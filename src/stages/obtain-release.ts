import type { PackedProject } from "../build/pack-project.ts";
import type { Project } from "../project/project.ts";
import type { Rollout } from "../release/clusters.ts";
import { changesSince } from "../release/content-changes.ts";
import type { PublishedRelease } from "../release/publish.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { originText } from "../report/origin-text.ts";
import type { RunRecord } from "../report/record.ts";
import type { OneRelease, PublishPlan, RunPlan } from "../run-plan.ts";
import { buildContent, rehearseBuild } from "./build-content.ts";
import { lookUp } from "./look-up.ts";
import { enter, type StageDeps } from "./stage.ts";

/** What a run obtains its release by. */
export type ObtainPlan = RunPlan & {
  readonly publish: PublishPlan & { readonly release: OneRelease };
  readonly rollout: Rollout;
};

/** The release that the run is to deploy. */
export async function obtainRelease(
  api: ReleaseApi,
  project: Project,
  plan: ObtainPlan,
  record: RunRecord,
  deps: StageDeps,
): Promise<PublishedRelease> {
  const { release } = plan.publish;
  switch (release.kind) {
    case "id": {
      const { nameRelease } = await import("./promote.ts");
      const named = { workflow: project.slug, rollout: plan.rollout, choice: release };
      return await nameRelease(api, named, record, deps);
    }
    case "auto":
    case "existing": {
      enter(record, "build", deps);
      const packed = await deps.packProject(project);
      return await reuseOrPublish(api, packed, plan, plan.publish, record, deps);
    }
  }
}

/** The release that has this content already, else a new one, built and published. */
async function reuseOrPublish(
  api: ReleaseApi,
  packed: PackedProject,
  { smokeTask, rollout }: ObtainPlan,
  plan: PublishPlan,
  record: RunRecord,
  deps: StageDeps,
): Promise<PublishedRelease> {
  const { log, signal } = deps;
  enter(record, "publish", deps);
  const mustFind = plan.release.kind === "existing";
  const { published, newest, fitting } = await lookUp(api, packed, rollout, { mustFind }, deps);
  if (published !== undefined) {
    record.content = published.content;
    record.origin = { kind: "release", release: published.release };
    record.notices.push(...packed.notices);
    log.info(originText(record.origin, record.startedAtMs));
    if (smokeTask !== undefined) log.info("Rehearsal: not run, because this content is published already");
    return published.release;
  }
  if (mustFind) {
    const { noReleaseHas, severalHave } = await import("../release/published-content.ts");
    if (fitting.length > 1) throw severalHave(packed, fitting);
    throw await noReleaseHas(api, packed, [...rollout.dev, ...rollout.production], signal);
  }
  // A program that is missing is missed before a build is waited for.
  const publisher = await deps.publisher(api, plan.api, packed.project);
  enter(record, "build", deps);
  // Meanwhile, because it only explains.
  const changes = newest && changesSince(api, newest, packed, signal);
  const build = await buildContent(packed, changes, record, deps);
  await rehearseBuild(build, packed.project, smokeTask, record, deps);
  enter(record, "publish", deps);
  const { publishBuild } = await import("../release/publish.ts");
  return await publishBuild(api, build, { createWorkflow: plan.createWorkflow, publisher, signal, log });
}
