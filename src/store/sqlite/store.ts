import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Clock, createIdSource, type Random } from "../../engine/id.ts";
import { defaultClusterName } from "../../engine/release-rules.ts";
import { makeSlug } from "../../engine/slug.ts";
import type { Store } from "../port.ts";
import { createArtifactStore } from "./artifacts.ts";
import { createClusterStore, DeploymentNotices } from "./clusters.ts";
import { toStoreError } from "./failure.ts";
import { prepareHistoryStatements } from "./history-table.ts";
import { createKeyStore } from "./keys.ts";
import { dataFolderBusy, tryLock } from "./lock.ts";
import { isCurrent, migrate } from "./migrate.ts";
import { createRecords } from "./records.ts";
import { createReleaseStore } from "./releases.ts";
import { migrations } from "./schema.ts";
import type { Session } from "./session.ts";
import { createWorkflowStore } from "./workflows.ts";
import { createWriter } from "./writer.ts";

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

/** Long enough for a visiting command's write; the event loop stands still while SQLite waits. */
const busyTimeoutMs = 5_000;
/** Long enough for a command, or for a server that is just ending. */
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
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const lock = tryLock(join(dataFolder, "control-plane.lock"), lockWaitMs);
    if (lock !== undefined) resources.use(lock);
    else if (options.role === "server") throw dataFolderBusy(dataFolder);
    const database = resources.adopt(openDatabase(databasePath), (open) => open.close());
    if (lock !== undefined) migrate(database, { migrations, clock: options.clock });
    else if (!isCurrent(database, migrations)) throw dataFolderBusy(dataFolder);
    syncFolder(dataFolder);
    const store = createStore(database, databasePath, options);
    await ensureDefaultCluster(store.session, options.random);
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

/**
 * WAL with synchronous FULL: a commit returns when it is on the disk, which with writes committed
 * together costs little more than NORMAL, and NORMAL may lose acknowledged writes in a power cut.
 * macOS answers fsync before the drive has written; fullfsync makes it wait, other systems ignore it.
 */
function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
    `);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Makes the database's name itself durable; Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function createStore(database: DatabaseSync, databasePath: string, options: SqliteStoreOptions) {
  const session: Session = {
    database,
    writer: createWriter(database, databasePath),
    async read(query) {
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
    probe: () => session.writer.submit(() => {}),
  };
  return { session, parts };
}

/** The public service makes it on a team's first request; here it is there from the start. */
function ensureDefaultCluster(session: Session, random: Random): Promise<void> {
  const { clusters } = createRecords(session.database);
  return session.writer.submit(() => {
    if (clusters.default.get() !== undefined) return;
    clusters.insert.run(makeSlug(defaultClusterName, random), defaultClusterName, "", 1);
  });
}
