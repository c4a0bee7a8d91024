/** Sees what a cluster has deployed: asks every ten seconds, and at once when the control plane says so. */
import type { HttpApiClient } from "../api/client.ts";
import type { Cluster } from "../api/gen/workflows/v1/workflows_pb.ts";
import { errorTable } from "../error-table.ts";
import { type ReleaseError, toReleaseError } from "../errors.ts";
import { sleep, type Time } from "./time.ts";

export interface WatchDeps {
  readonly api: Pick<HttpApiClient, "workflows" | "awaitDeploymentChange">;
  readonly time: Time;
  /** In [0, 1). */
  readonly random: () => number;
  onCluster(cluster: Cluster): void;
  /** Each failed look; the next one follows. */
  onError(error: ReleaseError): void;
}

const lookEveryMs = 10_000;

/** Until the signal fires. Never rejects. */
export async function watchDeployments(cluster: string, deps: WatchDeps, signal: AbortSignal): Promise<void> {
  let wake = new AbortController();
  const changes = watchChanges(cluster, deps, signal, () => wake.abort());
  while (!signal.aborted) {
    wake = new AbortController();
    try {
      const seen = await deps.api.workflows.getCluster({ clusterSlug: cluster }, { signal });
      if (!signal.aborted) deps.onCluster(seen);
    } catch (thrown) {
      if (!signal.aborted) deps.onError(toReleaseError(thrown));
    }
    const woken = AbortSignal.any([signal, wake.signal]);
    // Runners that were started together do not stay together.
    await sleep(deps.time, lookEveryMs * (0.8 + 0.4 * deps.random()), woken);
  }
  await changes;
}

/** A control plane that has no such call is only looked at. */
async function watchChanges(
  cluster: string,
  { api, time, random }: WatchDeps,
  signal: AbortSignal,
  onChange: () => void,
): Promise<void> {
  let revision: number | undefined;
  while (!signal.aborted) {
    try {
      const next = await api.awaitDeploymentChange(cluster, revision, signal);
      if (next !== revision) onChange();
      revision = next;
    } catch (thrown) {
      const error = toReleaseError(thrown);
      if (errorTable[error.code].kind === "user") return;
      // A control plane that is back may have been restored: its revisions start anew.
      revision = undefined;
      await sleep(time, lookEveryMs * (0.5 + random()), signal);
    }
  }
}
