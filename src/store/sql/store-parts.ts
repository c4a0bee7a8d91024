import type { Random } from "../../engine/id.ts";
import { defaultClusterName } from "../../engine/release-rules.ts";
import { makeSlug } from "../../engine/slug.ts";
import type { TelemetryLimits } from "../../engine/telemetry.ts";
import type { Store } from "../port.ts";
import type { RetentionStore } from "../retention-port.ts";
import { createArtifactStore } from "./artifacts.ts";
import { prepareClusterStatements } from "./cluster-table.ts";
import { createClusterStore, DeploymentNotices } from "./clusters.ts";
import { prepareHistoryStatements } from "./history-table.ts";
import { createJobStore } from "./job-store.ts";
import { createKeyStore } from "./keys.ts";
import { createRecords } from "./records.ts";
import { createReleaseStore } from "./releases.ts";
import { createRetentionStore } from "./retention-store.ts";
import { createOfferStore } from "./runner-offers.ts";
import { createRunnerStore } from "./runners.ts";
import type { Session } from "./session.ts";
import { createTaskStatements, createTaskWorker, ReadyNotices } from "./task-work.ts";
import { createTelemetryStore } from "./telemetry-store.ts";
import { createWorkflowStore } from "./workflows.ts";

/** What the parts of a store work with: one database; one session, where all writes go through one writer. */
export interface Sessions {
  /** Keys, clusters, workflows, releases, artifacts, runners. */
  readonly catalog: Session;
  readonly jobs: Session;
  readonly telemetry: Session;
  /** Removing what nobody needs: beside jobs where there are several writers, else the same one. */
  readonly upkeep: Session;
}

export interface StoreSettings {
  readonly telemetryLimits: TelemetryLimits;
  readonly runAlone: RetentionStore["runAlone"];
}

export function createStoreParts(
  sessions: Sessions,
  settings: StoreSettings,
  tables = createTaskStatements(sessions.jobs.database),
) {
  const { catalog, jobs, upkeep } = sessions;
  const records = createRecords(catalog.database);
  const history = prepareHistoryStatements(catalog.database);
  const deployments = new DeploymentNotices();
  const ready = new ReadyNotices();
  const run = createTaskWorker(jobs, tables, ready);
  const jobStore = createJobStore(jobs, records, run, ready, tables);
  const telemetry = createTelemetryStore(sessions.telemetry, settings.telemetryLimits);
  // Each writer of jobs has rows of them in memory, and must be told when they go.
  const runUpkeep =
    upkeep.writer === jobs.writer
      ? run
      : createTaskWorker(upkeep, createTaskStatements(upkeep.database), ready);
  const parts: Omit<Store, "probe" | "pools" | "close"> = {
    keys: createKeyStore(catalog),
    artifacts: createArtifactStore(catalog),
    clusters: createClusterStore(catalog, records, deployments),
    workflows: createWorkflowStore(catalog, records, history),
    releases: createReleaseStore(catalog, records, history, deployments),
    jobs: jobStore,
    telemetry,
    runners: { ...createRunnerStore(catalog), ...createOfferStore(catalog) },
    retention: createRetentionStore({
      catalog,
      upkeep,
      run: runUpkeep,
      telemetry,
      runAlone: settings.runAlone,
    }),
  };
  return { parts, notices: { ready, deployments }, forgetOffers: jobStore.forgetOffers };
}

/** The public service makes it on a team's first request; here it is there from the start. */
export function ensureDefaultCluster(session: Session, random: Random): Promise<void> {
  const clusters = prepareClusterStatements(session.database);
  return session.writer.submit(() => {
    if (clusters.default.get() !== undefined) return;
    clusters.insert.run(makeSlug(defaultClusterName, random), defaultClusterName, "", 1);
  });
}
