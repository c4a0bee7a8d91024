import type { ReleaseId } from "../../engine/id.ts";
import type { Provenance } from "../../engine/provenance.ts";
import {
  chooseClusters,
  type DeployedNow,
  planDeploy,
  planUndeploy,
  sameContent,
  unexpectedClusters,
} from "../../engine/release-rules.ts";
import type { Slug } from "../../engine/slug.ts";
import { UserError } from "../../errors.ts";
import type { DeployRequest, DeployResult, PublishRequest, ReleaseStore } from "../port.ts";
import { prepareArtifactStatements } from "./artifacts.ts";
import { type ClusterRow, toClusterInfo } from "./cluster-table.ts";
import type { DeploymentNotices } from "./clusters.ts";
import {
  appendHistory,
  lastDeployedCommit,
  type prepareHistoryStatements,
  readHistory,
} from "./history-table.ts";
import { clusterNotFound, type Records } from "./records.ts";
import type { Session } from "./session.ts";

type HistoryStatements = ReturnType<typeof prepareHistoryStatements>;

export function createReleaseStore(
  session: Session,
  records: Records,
  history: HistoryStatements,
  notices: DeploymentNotices,
): ReleaseStore {
  const { writer, read, clock } = session;
  const artifacts = prepareArtifactStatements(session.database);
  const publish = createPublish(session, records, history, artifacts);
  const change = createDeploymentChanger(session, records, history);

  const changeDeployments = async (request: DeployRequest, kind: "deploy" | "undeploy") => {
    const result = await writer.submit(() => change(request, kind));
    for (const cluster of result.clusters) {
      if (result.changes.some((changed) => changed.cluster === cluster.slug)) {
        notices.emit({ cluster: cluster.slug, revision: cluster.revision });
      }
    }
    return result;
  };

  return {
    publish: (request) => {
      // Encoded before the transaction: a large tree must not hold up other writers.
      const encodedFiles = JSON.stringify(request.files);
      return writer.submit(() => publish(request, encodedFiles));
    },

    unpublish: ({ workflow: slug, release: id, actor, provenance }) =>
      writer.submit(() => {
        const release = records.release(records.requireRelease(records.requireWorkflow(slug), id));
        if (release.clusters.length > 0) {
          const names = release.clusters.map((cluster) => `"${cluster.slug}"`).join(", ");
          throw new UserError("release-deployed", `The release ${id} is deployed on ${names}`);
        }
        const { fingerprint } = release.content;
        const { digest } = release.artifact;
        const event = { kind: "unpublish", release: id, fingerprint, digest } as const;
        appendHistory(history, { atMs: clock(), actor, provenance, workflow: slug, ...event });
        records.releases.delete.run(id);
        // It may be published again for as long as an artifact that was just uploaded.
        artifacts.use.run(clock(), release.artifact.id);
      }),

    deploy: (request) => changeDeployments(request, "deploy"),
    undeploy: (request) => changeDeployments(request, "undeploy"),

    findFileTree: (id) =>
      read(() => {
        const row = records.releases.fileTree.get(id);
        return row === undefined ? undefined : JSON.parse(row.tree);
      }),

    recordGate: ({ workflow: slug, release: id, cluster: ref, gate, actor, provenance }) =>
      writer.submit(() => {
        const workflow = records.requireWorkflow(slug);
        const release = records.requireRelease(workflow, id).id;
        const cluster = records.requireCluster(ref).slug;
        if (history.deployOf.get(workflow.slug, cluster, release) === undefined) {
          throw new UserError("request-invalid", `The release ${id} was never deployed on "${cluster}"`);
        }
        const event = { kind: "gate", cluster, release, gate } as const;
        appendHistory(history, { atMs: clock(), actor, provenance, workflow: slug, ...event });
      }),

    listHistory: (query) => read(() => readHistory(history, query)),
  };
}

function createPublish(
  session: Session,
  records: Records,
  history: HistoryStatements,
  artifacts: ReturnType<typeof prepareArtifactStatements>,
) {
  return (request: PublishRequest, encodedFiles: string) => {
    const { content, actor, provenance } = request;
    const workflow = records.requireWorkflow(request.workflow);
    const artifact = artifacts.byId.get(request.artifact);
    if (artifact === undefined) {
      throw new UserError("artifact-not-found", `There is no artifact ${request.artifact}`);
    }
    const existing = records.releases.byContent.get(workflow.id, content.fingerprint, artifact.id);
    if (existing !== undefined) {
      const release = records.release(existing);
      const files = JSON.parse(records.releases.fileTree.get(existing.id)?.tree ?? "[]");
      if (sameContent({ content: release.content, files }, request)) return { release, created: false };
      throw new UserError(
        "request-invalid",
        `The release ${existing.id} has the same fingerprint and artifact, but other tasks, files or entry point`,
        {
          next: "Compute the fingerprint over the tasks, the files and the entry point, then publish again.",
        },
      );
    }
    const id = session.ids.next<"release">();
    const atMs = session.clock();
    records.releases.insert.run(
      id,
      workflow.id,
      artifact.id,
      content.fingerprint,
      JSON.stringify(content.tasks.map(({ name, version }) => ({ name, version }))),
      content.runnerObjectPath,
      JSON.stringify(content.commandOverride),
      Buffer.byteLength(encodedFiles),
      atMs,
    );
    records.releases.insertFileTree.run(id, encodedFiles);
    const event = { kind: "publish", release: id, fingerprint: content.fingerprint, digest: artifact.digest };
    appendHistory(history, { atMs, actor, provenance, workflow: workflow.slug, ...event, kind: "publish" });
    return { release: records.release(records.requireRelease(workflow, id)), created: true };
  };
}

function createDeploymentChanger(session: Session, records: Records, history: HistoryStatements) {
  const chosenRows = (refs: DeployRequest["clusters"]): ClusterRow[] => {
    const rows = [records.clusters.default.get(), ...refs.map((ref) => records.findCluster(ref))];
    const existing = rows.filter((row) => row !== undefined).map((row) => ({ ...toClusterInfo(row), row }));
    const chosen = chooseClusters(refs, [...new Map(existing.map((found) => [found.slug, found])).values()]);
    if (chosen.kind === "unknown") throw clusterNotFound(chosen.slugs);
    return chosen.clusters.map((found) => found.row);
  };

  /** Clusters that have the release already, of another commit: which commit came last is what an older one is told by. */
  const claimedAnew = (
    workflow: Slug,
    release: ReleaseId,
    now: readonly DeployedNow[],
    provenance: Provenance | undefined,
  ): readonly Slug[] =>
    now
      .filter((cluster) => cluster.release === release && provenance?.commit !== undefined)
      .map(({ cluster }) => cluster)
      .filter((cluster) => lastDeployedCommit(history, workflow, cluster) !== provenance?.commit);

  return (request: DeployRequest, kind: "deploy" | "undeploy"): DeployResult => {
    const { actor, provenance } = request;
    const workflow = records.requireWorkflow(request.workflow);
    const release = records.requireRelease(workflow, request.release);
    const clusters = chosenRows(request.clusters);
    const now = clusters.map(({ slug }) => ({
      cluster: slug,
      release: records.deployments.on.get(slug, workflow.id)?.release_id,
    }));
    requireExpected(now, request, kind === "deploy" ? release.id : undefined);
    const changes = kind === "deploy" ? planDeploy(now, release.id) : planUndeploy(now, release.id);
    const atMs = session.clock();
    for (const change of changes) {
      if (change.after === undefined) records.deployments.remove.run(change.cluster, workflow.id);
      else records.deployments.put.run(change.cluster, workflow.id, change.after, atMs, actor);
      records.clusters.raiseRevision.run(change.cluster);
      appendHistory(history, { atMs, actor, provenance, workflow: workflow.slug, kind, ...change });
    }
    for (const cluster of kind === "deploy" ? claimedAnew(workflow.slug, release.id, now, provenance) : []) {
      const same = { kind: "deploy", cluster, before: release.id, after: release.id } as const;
      appendHistory(history, { atMs, actor, provenance, workflow: workflow.slug, ...same });
    }
    return {
      release: records.release(release),
      clusters: clusters.map(({ slug }) => records.cluster(records.requireCluster({ kind: "slug", slug }))),
      changes,
    };
  };
}

function requireExpected(
  now: readonly DeployedNow[],
  { workflow, expected }: DeployRequest,
  after: ReleaseId | undefined,
): void {
  if (expected === undefined) return;
  const unexpected = unexpectedClusters(now, expected, after);
  if (unexpected.length === 0) return;
  const text = (release: ReleaseId | undefined) => release ?? "no release";
  throw new UserError(
    "deployment-changed",
    `Somebody else changed what is deployed of "${workflow}", so that nothing was changed`,
    {
      problems: unexpected.map(({ cluster, release }) => ({
        message: `${cluster}: has ${text(release)}, not ${text(expected.get(cluster))}`,
      })),
    },
  );
}
