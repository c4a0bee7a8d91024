import type { PackedProject } from "../build/pack-project.ts";
import { changesSince } from "../release/content-changes.ts";
import type { PublishedRelease } from "../release/publish.ts";
import type { ReleaseApi } from "../release/release-api.ts";
import { originText } from "../report/origin-text.ts";
import type { RunRecord } from "../report/record.ts";
import type { PublishPlan, RunPlan } from "../run-plan.ts";
import { buildContent, rehearseBuild } from "./build-content.ts";
import { enter, type StageDeps } from "./stage.ts";

/** The release that has this content already, else a new one, built and published. */
export async function reuseOrPublish(
  api: ReleaseApi,
  packed: PackedProject,
  { smokeTask }: RunPlan,
  plan: PublishPlan,
  record: RunRecord,
  deps: StageDeps,
): Promise<PublishedRelease> {
  const { log, signal } = deps;
  enter(record, "publish", deps);
  // Loaded here with the wire's messages, which a check does not need.
  const { lookUpContent, noReleaseHas } = await import("../release/published-content.ts");
  const { published, newest } = await lookUpContent(api, packed, signal);
  if (published !== undefined) {
    record.content = published.content;
    record.origin = { kind: "release", release: published.release };
    record.notices.push(...packed.notices);
    log.info(originText(record.origin, record.startedAtMs));
    if (smokeTask !== undefined) log.info("Rehearsal: not run, because this content is published already");
    return published.release;
  }
  if (plan.release.kind === "existing") throw noReleaseHas(packed);
  enter(record, "build", deps);
  // Meanwhile, because it only explains.
  const changes = newest && changesSince(api, newest, packed, signal);
  const build = await buildContent(packed, changes, record, deps);
  await rehearseBuild(build, packed.project, smokeTask, record, deps);
  enter(record, "publish", deps);
  const { publishBuild } = await import("../release/publish.ts");
  const publisher = () => deps.publisher(api, plan.api, packed.project);
  return await publishBuild(api, build, { createWorkflow: plan.createWorkflow, publisher, signal, log });
}
