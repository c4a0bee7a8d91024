/** The control plane's own services over a store in memory, without a socket. */
import { DatabaseSync } from "node:sqlite";
import { createRouterTransport, type Transport } from "@connectrpc/connect";
import type { KnownRunner, RunnerRelease } from "../../src/api/runner-calls.ts";
import { createIdSource, type ReleaseId } from "../../src/engine/id.ts";
import { parseSlug, type Slug } from "../../src/engine/slug.ts";
import { telemetryLimits } from "../../src/engine/telemetry.ts";
import type { DeployedRelease } from "../../src/release/deploy-plan.ts";
import { trustEveryone } from "../../src/server/auth.ts";
import { createHistoryRoom } from "../../src/server/history.ts";
import { createLocalHistory } from "../../src/server/history-routes.ts";
import { createRoutes } from "../../src/server/routes.ts";
import { createWorkflowsService } from "../../src/server/services/workflows.ts";
import { migrations } from "../../src/store/sql/schema.ts";
import { createStoreParts, ensureDefaultCluster } from "../../src/store/sql/store-parts.ts";
import { migrate } from "../../src/store/sqlite/migrate.ts";
import { sqliteStatements } from "../../src/store/sqlite/statements.ts";
import { createWriter } from "../../src/store/sqlite/writer.ts";
import type { Dice } from "./dice.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const workflow = "tiles";
const runnerExpiryMs = 30_000;

export type SimulatedPlane = Awaited<ReturnType<typeof openPlane>>;

export async function openPlane(time: VirtualTime, dice: Dice) {
  const database = new DatabaseSync(":memory:", { enableForeignKeyConstraints: true });
  const [clock, random] = [time.nowMs, dice.bytes];
  migrate(database, { migrations, clock });
  const session = {
    database: sqliteStatements(database),
    writer: createWriter(database, "memory"),
    read: async <T>(query: () => T) => query(),
    clock,
    ids: createIdSource({ clock, random }),
  };
  const { parts } = createStoreParts(
    { catalog: session, jobs: session, telemetry: session, upkeep: session },
    { telemetryLimits, runAlone: async () => false },
  );
  await ensureDefaultCluster(session, random);
  const store = { ...parts, probe: async () => {}, close: async () => database.close() };
  const services = { workflows: createWorkflowsService({ store, random }) };
  const failures: unknown[] = [];
  const report = (failure: unknown) => void failures.push(failure);
  const connect = (
    name: string,
  ): { transport: Transport; history: ReturnType<typeof createLocalHistory> } => ({
    transport: createRouterTransport(createRoutes(services, { authenticate: trustEveryone(name), report })),
    history: createLocalHistory(createHistoryRoom(store.releases), name),
  });
  await store.workflows.createWorkflow({
    slug: slugOf(workflow),
    name: workflow,
    summary: "",
    description: "",
  } as Parameters<typeof store.workflows.createWorkflow>[0]);
  return {
    failures,
    releases: store.releases,
    connect,
    close: () => database.close(),
    createCluster: (slug: string) =>
      store.clusters.createCluster({ slug: slugOf(slug), displayName: slug, description: "" }),
    publish: async (digit: string): Promise<DeployedRelease> => {
      const digest = digit.repeat(64);
      const size = { tarSizeBytes: 1, fileCount: 0, archiveSha256: digest, archiveSizeBytes: 1 };
      const { id: artifact } = await store.artifacts.addArtifact({ digest, ...size });
      const tasks = [{ name: "tiles.Mosaic", version: "v1.0" }];
      const content = { fingerprint: digest, tasks, runnerObjectPath: "a:b", commandOverride: [] };
      const asked = { workflow: slugOf(workflow), artifact, content, files: [], actor: "setup" };
      const { release } = await store.releases.publish(asked);
      return { id: release.id, digest, fingerprint: digest };
    },
    reportRunner: (cluster: string, id: string, releases: readonly RunnerRelease[]) =>
      store.runners.reportRunner(
        {
          ...{ id, cluster: slugOf(cluster), apiKey: "runner", workerKeySha256: "0".repeat(64) },
          facts: JSON.stringify({ version: "1", concurrency: 1, tasks: 0, releases }),
        },
        runnerExpiryMs,
      ),
    listRunners: async (cluster: string): Promise<KnownRunner[]> =>
      (await store.runners.listRunners({ cluster, expiryMs: runnerExpiryMs })).map(
        ({ apiKey: key, facts, ...runner }) => ({ ...runner, ...JSON.parse(facts), key }),
      ),
    deploy: (cluster: string, release: DeployedRelease) =>
      store.releases.deploy({
        ...{ workflow: slugOf(workflow), release: release.id as ReleaseId, actor: "third" },
        clusters: [{ kind: "slug", slug: slugOf(cluster) }],
      }),
    /** Clusters where the run's key took away this release, which is somebody else's. */
    takenByRun: async (release: ReleaseId): Promise<string[]> => {
      const entries = await store.releases.listHistory({ limit: 1_000 });
      return entries.flatMap((entry) =>
        entry.actor === "run" &&
        (entry.kind === "deploy" || entry.kind === "undeploy") &&
        entry.before === release
          ? [entry.cluster]
          : [],
      );
    },
    read: async (cluster: string): Promise<string | undefined> => {
      const { deployments } = await store.clusters.getCluster({ kind: "slug", slug: slugOf(cluster) });
      return deployments.find(({ workflow: { slug } }) => slug === workflow)?.release.id;
    },
  };
}

export function slugOf(text: string): Slug {
  const slug = parseSlug(text);
  if (slug === undefined) throw new Error(text);
  return slug;
}
