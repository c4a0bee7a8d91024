/** Releases of one workflow on a real control plane process, and roll-outs of them through a network that fails. */
import { createHash, randomUUID } from "node:crypto";
import { createApiClient, type HttpApiClient } from "../../src/api/client.ts";
import type { Build } from "../../src/build/build.ts";
import type { ReleaseId } from "../../src/engine/id.ts";
import { type ReleaseError, toReleaseError } from "../../src/errors.ts";
import {
  deployRelease,
  readClusters,
  readRelease,
  undeployRelease,
} from "../../src/release/cluster-calls.ts";
import type { DeployedRelease } from "../../src/release/deploy-plan.ts";
import { systemGateWorld } from "../../src/release/gates/system-world.ts";
import { publishBuild } from "../../src/release/publish.ts";
import { type RunRecord, startRecord } from "../../src/report/record.ts";
import { proveRelease } from "../../src/stages/prove-release.ts";
import { type RollOutTarget, rollOut } from "../../src/stages/roll-out.ts";
import { packOneFile } from "./archives.ts";
import { silentLog } from "./builds.ts";
import { startControlPlaneProcess } from "./control-plane-process.ts";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";
import { exampleBuild } from "./run-records.ts";
import { createScratchFolder } from "./scratch-folder.ts";

export type Releases = Readonly<Record<string, DeployedRelease | undefined>>;

export interface RollOutStage extends AsyncDisposable {
  readonly workflow: string;
  readonly proxy: FaultyProxy;
  /** Past the proxy. */
  readonly api: HttpApiClient;
  publish(content: string, changes?: Partial<Pick<Build, "tasks" | "contract">>): Promise<DeployedRelease>;
  /** Makes each cluster have this. */
  set(releases: Releases): Promise<void>;
  /** The ids of what each cluster has. */
  read(clusters: readonly string[]): Promise<Record<string, string | undefined>>;
  /** What a runner of the cluster says of the release. */
  reportRunner(cluster: string, release: DeployedRelease, state: "ready" | "broken"): Promise<void>;
  /** Through the proxy. */
  rollOut(release: DeployedRelease, changes: RollOutChanges): Promise<FinishedRollOut>;
}

export type RollOutChanges = Pick<RollOutTarget, "rollout"> &
  Partial<Pick<RollOutTarget, "onFailure" | "planned" | "releaseFor" | "reason" | "gates" | "mayClaim">> & {
    readonly signal?: AbortSignal;
  };

export interface FinishedRollOut {
  readonly record: RunRecord;
  readonly failure: ReleaseError | undefined;
  readonly tookMs: number;
}

/** Gates keep a minute of the run's time for putting back; two seconds are left to them. */
const gateTimeMs = 62_000;

/** Gives up after a few tries that follow each other at once. */
const quickRetries = { attempts: 3, firstDelayMs: 5, delayFactor: 1, maxDelayMs: 5, totalMs: 5_000 };

export async function createRollOutStage(clusters: readonly string[]): Promise<RollOutStage> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createScratchFolder());
  const server = stack.use(await startControlPlaneProcess(folder.path, "none"));
  const proxy = stack.use(await startFaultyProxy(server.url));
  const api = stack.use(await createApiClient({ url: server.url, apiKey: undefined, env: {} }));
  const through = stack.use(
    await createApiClient({ url: proxy.url, apiKey: undefined, env: {}, retryPolicy: quickRetries }),
  );
  for (const slug of clusters) await api.workflows.createCluster({ name: slug, slug });
  const workflow = "tiles";
  const runnerIds = new Map(clusters.map((slug) => [slug, randomUUID()]));
  const never = new AbortController().signal;
  const owned = stack.move();
  return {
    workflow,
    proxy,
    api,
    publish: async (content, changes = {}) => {
      const { digest, archivePath: path, sha256, sizeBytes } = await packOneFile(folder, content);
      const fingerprint = createHash("sha256").update(content).digest("hex");
      const archive = { path, sha256, sizeBytes };
      const build = exampleBuild({ slug: workflow, digest, fingerprint, archive, ...changes });
      return await publishBuild(api, build, { createWorkflow: true, signal: never, log: silentLog });
    },
    set: async (releases) => {
      for (const [cluster, release] of Object.entries(releases)) {
        const place = { workflow, cluster };
        const expected = await readRelease(api, place, never);
        const change = { reason: "deploy", expected, signal: never } as const;
        if (release !== undefined) await deployRelease(api, place, release, change);
        else if (expected !== undefined) await undeployRelease(api, place, expected, change);
      }
    },
    read: async (slugs) => {
      const found = await readClusters(api, workflow, { dev: slugs, production: [] }, never);
      return Object.fromEntries([...found].map(([cluster, release]) => [cluster, release?.id]));
    },
    reportRunner: (cluster, { id }, state) =>
      api.reportRunner({
        ...{ id: runnerIds.get(cluster) ?? "", cluster, version: "1.0.0", concurrency: 1, tasks: 0 },
        releases: [{ id: id as ReleaseId, workflow, state, reason: state === "broken" ? "no disk" : "" }],
        workerKeySha256: createHash("sha256").update(cluster).digest("hex"),
        stopped: false,
      }),
    rollOut: async (release, { rollout, signal = never, ...changes }) => {
      const record = startRecord(0);
      record.slug = workflow;
      record.release = { ...release, outcome: "reused" };
      const before = await readClusters(api, workflow, rollout, never);
      const startedMs = performance.now();
      const target: RollOutTarget = {
        ...{ workflow, rollout, before, releaseFor: () => release, reason: "deploy" },
        ...{ allow: new Map(), onFailure: undefined, planned: undefined, gates: [] },
        ...changes,
      };
      const deps = { log: silentLog, signal, world: systemGateWorld, endsAtMs: Date.now() + gateTimeMs };
      const proof = { project: { slug: workflow }, rollout, gates: target.gates };
      const prove: RollOutTarget["prove"] = (deployed) =>
        proveRelease(through, deployed, proof, record, deps);
      const failure = await rollOut(through, { ...target, prove }, record, deps).then(
        () => undefined,
        toReleaseError,
      );
      return { record, failure, tookMs: performance.now() - startedMs };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Content that no other test has. */
export function newContent(): string {
  return randomUUID();
}
