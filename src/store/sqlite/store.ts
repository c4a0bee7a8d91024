import { join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type Clock, createIdSource, type Random } from "../../engine/id.ts";
import { type TelemetryLimits, telemetryLimits } from "../../engine/telemetry.ts";
import type { CommitFacts, Store } from "../port.ts";
import { extendLeasesAfterDowntime } from "../sql/job-store.ts";
import { migrations } from "../sql/schema.ts";
import type { Session } from "../sql/session.ts";
import { createStoreParts, ensureDefaultCluster } from "../sql/store-parts.ts";
import { databaseFile, lockFile, makeDataFolder, openDatabase, syncFolder } from "./database.ts";
import { toStoreError } from "./failure.ts";
import { dataFolderBusy, tryLock } from "./lock.ts";
import { isCurrent, migrate } from "./migrate.ts";
import { sqliteStatements } from "./statements.ts";
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
  /** The usual ones when undefined. */
  readonly telemetryLimits?: TelemetryLimits | undefined;
  readonly onCommit?: ((facts: CommitFacts) => void) | undefined;
}

/** Long enough for a command's visit, or for a server that is just ending. */
const lockWaitMs = 2_000;

/**
 * Opens the embedded store, makes it when there is none and brings its schema up to date.
 * Throws store-busy, store-newer, store-failed.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const dataFolder = resolve(options.dataFolder);
  const databasePath = join(dataFolder, databaseFile);
  using resources = new DisposableStack();
  try {
    makeDataFolder(dataFolder);
    // A command does not wait: whoever holds the lock longer is a server, and beside one it needs no lock.
    const waitMs = options.role === "server" ? lockWaitMs : 0;
    const lock = tryLock(join(dataFolder, lockFile), waitMs);
    if (lock !== undefined) resources.use(lock);
    else if (options.role === "server") throw dataFolderBusy(dataFolder);
    const database = resources.adopt(openDatabase(databasePath), (open) => open.close());
    if (lock !== undefined) migrate(database, { migrations, clock: options.clock });
    else if (!isCurrent(database, migrations)) throw dataFolderBusy(dataFolder);
    syncFolder(dataFolder);
    const { session, writer } = createSession(database, databasePath, options);
    const { parts } = createStoreParts(
      { catalog: session, jobs: session, telemetry: session, upkeep: session },
      { telemetryLimits: options.telemetryLimits ?? telemetryLimits, runAlone },
    );
    await ensureDefaultCluster(session, options.random);
    if (options.role === "server") await extendLeasesAfterDowntime(session);
    const owned = resources.move();
    return {
      ...parts,
      probe: () => writer.submit(() => {}),
      pools: () => [],
      async close() {
        await writer.close();
        owned.dispose();
      },
    };
  } catch (error) {
    throw toStoreError(error, databasePath);
  }
}

/** The folder's lock keeps every other server out. */
async function runAlone(work: () => Promise<void>): Promise<boolean> {
  await work();
  return true;
}

function createSession(database: DatabaseSync, databasePath: string, options: SqliteStoreOptions) {
  const writer = createWriter(database, databasePath, options.onCommit);
  const session: Session = {
    database: sqliteStatements(database),
    writer,
    // Transactions never stay open across turns of the event loop, so one connection serves reads, too.
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
  return { session, writer };
}
