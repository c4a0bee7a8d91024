import { join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type Clock, createIdSource, type Random } from "../../engine/id.ts";
import { defaultClusterName } from "../../engine/release-rules.ts";
import { makeSlug } from "../../engine/slug.ts";
import type { Store } from "../port.ts";
import { createArtifactStore } from "./artifacts.ts";
import { prepareClusterStatements } from "./cluster-table.ts";
import { createClusterStore, DeploymentNotices } from "./clusters.ts";
import { makeDataFolder, openDatabase, syncFolder } from "./database.ts";
import { toStoreError } from "./failure.ts";
import { prepareHistoryStatements } from "./history-table.ts";
import { createJobStore, extendLeasesAfterDowntime } from "./job-store.ts";
import { createKeyStore } from "./keys.ts";
import { dataFolderBusy, tryLock } from "./lock.ts";
import { isCurrent, migrate } from "./migrate.ts";
import { createRecords } from "./records.ts";
import { createReleaseStore } from "./releases.ts";
import { migrations } from "./schema.ts";
import type { Session } from "./session.ts";
import { createTelemetryStore } from "./telemetry-store.ts";
import { createWorkflowStore } from "./workflows.ts";
import { createWriter, storeClosed } from "./writer.ts";

export interface SqliteStoreOptions {
  /** Made when it is missing, readable by its owner only. One server at a time uses it. */
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * `server` keeps every other server out. `command` is for a short visit, such as making a key: it may
   * write while a server of the same version runs.
   */
  readonly role: "server" | "command";
}

/** Long enough for a command's visit, or for a server that is just ending. */
const lockWaitMs = 2_000;

/**
 * Opens the embedded store, makes it when there is none and brings its schema up to date.
 * Throws store-busy, store-newer, store-failed.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const dataFolder = resolve(options.dataFolder);
  const databasePath = join(dataFolder, "control-plane.sqlite");
  using resources = new DisposableStack();
  try {
    makeDataFolder(dataFolder);
    // A command does not wait: whoever holds the lock longer is a server, and beside one it needs no lock.
    const waitMs = options.role === "server" ? lockWaitMs : 0;
    const lock = tryLock(join(dataFolder, "control-plane.lock"), waitMs);
    if (lock !== undefined) resources.use(lock);
    else if (options.role === "server") throw dataFolderBusy(dataFolder);
    const database = resources.adopt(openDatabase(databasePath), (open) => open.close());
    if (lock !== undefined) migrate(database, { migrations, clock: options.clock });
    else if (!isCurrent(database, migrations)) throw dataFolderBusy(dataFolder);
    syncFolder(dataFolder);
    const store = createStore(database, databasePath, options);
    await ensureDefaultCluster(store.session, options.random);
    if (options.role === "server") await extendLeasesAfterDowntime(store.session);
    const owned = resources.move();
    return {
      ...store.parts,
      async close() {
        await store.session.writer.close();
        owned.dispose();
      },
    };
  } catch (error) {
    throw toStoreError(error, databasePath);
  }
}

function createStore(database: DatabaseSync, databasePath: string, options: SqliteStoreOptions) {
  const session: Session = {
    database,
    writer: createWriter(database, databasePath),
    async read(query) {
      if (!database.isOpen) throw storeClosed();
      try {
        return query();
      } catch (error) {
        throw toStoreError(error, databasePath);
      }
    },
    clock: options.clock,
    ids: createIdSource(options),
  };
  const records = createRecords(database);
  const history = prepareHistoryStatements(database);
  const notices = new DeploymentNotices();
  const parts: Omit<Store, "close"> = {
    keys: createKeyStore(session),
    artifacts: createArtifactStore(session),
    clusters: createClusterStore(session, records, notices),
    workflows: createWorkflowStore(session, records, history),
    releases: createReleaseStore(session, records, history, notices),
    jobs: createJobStore(session, records),
    telemetry: createTelemetryStore(session),
    probe: () => session.writer.submit(() => {}),
  };
  return { session, parts };
}

/** The public service makes it on a team's first request; here it is there from the start. */
function ensureDefaultCluster(session: Session, random: Random): Promise<void> {
  const clusters = prepareClusterStatements(session.database);
  return session.writer.submit(() => {
    if (clusters.default.get() !== undefined) return;
    clusters.insert.run(makeSlug(defaultClusterName, random), defaultClusterName, "", 1);
  });
}
