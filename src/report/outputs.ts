import type { OutputName } from "../action-contract.ts";
import { contentOf, hasChanged, type RunRecord } from "./record.ts";

/** The outputs of one project, as far as the run came. */
export function outputsOf(
  record: RunRecord,
  reportPath: string,
): Record<Exclude<OutputName, "projects">, string> {
  const { build, release } = record;
  const content = contentOf(record);
  return {
    "workflow-slug": record.slug ?? "",
    "release-id": release?.id ?? "",
    fingerprint: content?.fingerprint ?? release?.fingerprint ?? "",
    "artifact-digest": content?.digest ?? release?.digest ?? "",
    "artifact-path": build?.archive.path ?? "",
    tasks: JSON.stringify(content?.tasks ?? []),
    published: release?.outcome ?? "skipped",
    changed: String(hasChanged(record)),
    plan: record.planDocument === undefined ? "" : JSON.stringify(record.planDocument),
    "plan-hash": record.planDocument?.hash ?? "",
    deployments: JSON.stringify([...record.deployments.values()]),
    "report-path": reportPath,
    "failure-reason": record.failure?.code ?? "",
  };
}

/** The run as JSON: what report-path points to and what `--json` prints. */
export function reportOf(record: RunRecord) {
  const { build, release, failure } = record;
  const content = contentOf(record);
  return {
    ok: failure === undefined,
    mode: record.mode,
    slug: record.slug,
    origin: record.origin,
    digest: content?.digest ?? release?.digest,
    fingerprint: content?.fingerprint ?? release?.fingerprint,
    tasks: content?.tasks,
    files: content?.manifest,
    archive: build?.archive,
    measured: content?.measured,
    rehearsal: record.rehearsal,
    contract: record.contract,
    release: release && { id: release.id, outcome: release.outcome },
    commit: record.commit,
    promotion: record.promotion,
    plan: record.planDocument,
    rollback: record.rollback,
    deployments: [...record.deployments.values()],
    gates: record.gates,
    overwrites: [...record.overwrites.values()],
    drift: record.drift,
    changed: hasChanged(record),
    notices: record.notices,
    failure,
    durationMs: record.endedAtMs === undefined ? undefined : record.endedAtMs - record.startedAtMs,
  };
}
