import { UserError } from "../../errors.ts";
import type { WorkflowStore } from "../port.ts";
import { prepareArtifactStatements } from "./artifacts.ts";
import { appendHistory, type prepareHistoryStatements } from "./history-table.ts";
import type { Records } from "./records.ts";
import type { Session } from "./session.ts";

/** Sorts before every id: where a list begins. */
const beforeAll = "";
/** What LIMIT takes for "no limit". */
const unlimited = Number.MAX_SAFE_INTEGER;

export function createWorkflowStore(
  session: Session,
  records: Records,
  history: ReturnType<typeof prepareHistoryStatements>,
): WorkflowStore {
  const { writer, read, clock, ids } = session;
  const artifacts = prepareArtifactStatements(session.database);
  return {
    createWorkflow: ({ slug, name, summary, description }) =>
      writer.submit(() => {
        if (records.workflows.bySlug.get(slug) !== undefined) {
          throw new UserError("already-exists", `A workflow "${slug}" exists already`);
        }
        records.workflows.insert.run(ids.next<"workflow">(), slug, name, summary, description, clock());
        return records.workflow(records.requireWorkflow(slug));
      }),

    getWorkflow: (slug) => read(() => records.workflow(records.requireWorkflow(slug))),

    listWorkflows: ({ limit, startingAfter }) =>
      read(() => {
        const after = startingAfter ?? beforeAll;
        if (limit === undefined) {
          const rows = records.workflows.after.all(after, unlimited);
          return { workflows: rows.map(records.workflow), next: undefined };
        }
        const rows = records.workflows.after.all(after, limit + 1);
        const page = rows.slice(0, limit);
        const last = rows.length > limit ? page.at(-1) : undefined;
        return {
          workflows: page.map(records.workflow),
          next: last === undefined ? undefined : { limit, startingAfter: last.id },
        };
      }),

    updateWorkflow: (slug, { name, summary, description }) =>
      writer.submit(() => {
        records.requireWorkflow(slug);
        records.workflows.update.run(name ?? null, summary ?? null, description ?? null, slug);
        return records.workflow(records.requireWorkflow(slug));
      }),

    deleteWorkflow: ({ workflow: slug, actor, provenance }) =>
      writer.submit(() => {
        const row = records.requireWorkflow(slug);
        const { releases } = records.workflow(row);
        const clusters = new Set(releases.flatMap((release) => release.clusters.map(({ slug }) => slug)));
        if (clusters.size > 0) {
          const names = [...clusters].map((cluster) => `"${cluster}"`).join(", ");
          throw new UserError("release-deployed", `The workflow "${slug}" is deployed on ${names}`);
        }
        const atMs = clock();
        for (const release of releases.toReversed()) {
          appendHistory(history, {
            atMs,
            actor,
            provenance,
            workflow: slug,
            kind: "unpublish",
            release: release.id,
            fingerprint: release.content.fingerprint,
            digest: release.artifact.digest,
          });
          artifacts.use.run(atMs, release.artifact.id);
        }
        records.workflows.delete.run(row.id);
      }),
  };
}
