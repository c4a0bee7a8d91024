/** What every engine behind the store port must do: each store's test file calls it with its factory. */
import type { Clock } from "../../src/engine/id.ts";
import type { Store } from "../../src/store/port.ts";
import { artifactRetentionContract } from "./contract-artifact-retention.ts";
import { clusterContract } from "./contract-clusters.ts";
import { deploymentContract } from "./contract-deployments.ts";
import { historyContract } from "./contract-history.ts";
import { jobListContract } from "./contract-job-lists.ts";
import { jobContract } from "./contract-jobs.ts";
import { keyAndArtifactContract } from "./contract-keys-and-artifacts.ts";
import { releaseModelContract } from "./contract-release-model.ts";
import { releaseContract } from "./contract-releases.ts";
import { retentionContract } from "./contract-retention.ts";
import { runnerContract } from "./contract-runners.ts";
import { taskContract } from "./contract-tasks.ts";
import { telemetryContract } from "./contract-telemetry.ts";

export interface StoreUnderTest extends AsyncDisposable {
  readonly store: Store;
  /** Moves the store's clock. */
  advanceMs(ms: number): void;
  readonly clock: Clock;
  /** Closes the store and opens it again, as a restart does. */
  reopen(): Promise<Store>;
  /** What the table really holds, whatever the store says. */
  countRows(table: string): Promise<number>;
}

/** Opens an empty store of its own for each call. */
export type OpenStore = () => Promise<StoreUnderTest>;

export function storeContract(open: OpenStore): void {
  keyAndArtifactContract(open);
  clusterContract(open);
  releaseContract(open);
  deploymentContract(open);
  historyContract(open);
  runnerContract(open);
  releaseModelContract(open);
  jobContract(open);
  taskContract(open);
  jobListContract(open);
  telemetryContract(open);
  retentionContract(open);
  artifactRetentionContract(open);
}
