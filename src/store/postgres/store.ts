import { setTimeout as waitFor } from "node:timers/promises";
import pg from "pg";
import type { Clock, Random } from "../../engine/id.ts";
import { createIdSource } from "../../engine/id.ts";
import { type TelemetryLimits, telemetryLimits } from "../../engine/telemetry.ts";
import { SystemError } from "../../errors.ts";
import type { CommitFacts, ConnectionPool, Store } from "../port.ts";
import { extendLeasesAfterDowntime } from "../sql/job-store.ts";
import { migrations } from "../sql/schema.ts";
import type { Session } from "../sql/session.ts";
import { createStoreParts, ensureDefaultCluster, type Sessions } from "../sql/store-parts.ts";
import { createTaskStatements } from "../sql/task-work.ts";
import { conflictPause } from "./conflict-pause.ts";
import { connectionOptions, connections, createPool } from "./connection.ts";
import { databaseName } from "./database-name.ts";
import { storeClosed, toStoreError } from "./failure.ts";
import { createLane } from "./lane.ts";
import { migrate } from "./migrate.ts";
import { openings } from "./openings.ts";
import { createReader } from "./reader.ts";
import { Replay } from "./replay.ts";
import { runAloneOn } from "./run-alone.ts";
import { shareNotices } from "./shared-notices.ts";
import { Sockets } from "./sockets.ts";
import { WorkingRows } from "./working-rows.ts";

export interface PostgresStoreOptions {
  /** postgres://user:password@host:port/database, with the driver's parameters. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  /** `command` is for a short visit, such as making a key: it neither serves runners nor ends leases. */
  readonly role: "server" | "command";
  /** The usual ones when undefined. */
  readonly telemetryLimits?: TelemetryLimits | undefined;
  /** Told of connections that break while nobody waits for them. */
  readonly onConnectionError?: (error: Error) => void;
  readonly onCommit?: ((facts: CommitFacts) => void) | undefined;
}

/**
 * Whoever closes a store has let its callers go, so that nobody is told any more whether a write was committed;
 * and a service manager that has waited for the callers does not wait much longer.
 */
const closeLimitMs = 1_500;

/**
 * Opens a store that any number of control planes share, and brings its schema up to date.
 * Throws store-newer, store-failed.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const where = databaseName(options.url);
  try {
    return await open(options, where);
  } catch (error) {
    throw toStoreError(error, where);
  }
}

async function open(options: PostgresStoreOptions, where: string): Promise<Store> {
  await prepareDatabase(options);
  await using resources = new AsyncDisposableStack();
  const sockets = new Sockets();
  const onIdleError = (error: Error) =>
    // The driver hangs its whole client, settings and all, on what it tells of it.
    options.onConnectionError?.(new SystemError("store-failed", `The database ${where}: ${error.message}`));
  const openPool = (max: number) =>
    resources.adopt(createPool(options.url, max, onIdleError, { sockets }), async (open) => {
      if (!open.ending) await open.end();
    });
  const readers = openPool(connections.readers);
  const replay = new Replay();
  const pools = { readers, writers: openPool(connections.writers) };
  const { sessions, rows, close, probe } = createSessions(options, where, pools, replay);
  const { parts, notices, forgetOffers } = createStoreParts(
    sessions,
    { telemetryLimits: options.telemetryLimits ?? telemetryLimits, runAlone: runAloneOn(readers, where) },
    rows.before(createTaskStatements(replay.database), replay.database),
  );
  rows.forgetOffers = forgetOffers;
  await ensureDefaultCluster(sessions.catalog, options.random);
  if (options.role === "server") {
    const shared = await shareNotices({
      url: options.url,
      sockets,
      pool: readers,
      database: replay.database,
      notices,
      whenAlone: () => extendLeasesAfterDowntime(sessions.jobs),
    });
    resources.defer(() => shared.close());
  }
  const owned = resources.move();
  return {
    ...parts,
    probe,
    pools: () => [poolFacts("readers", pools.readers), poolFacts("writers", pools.writers)],
    async close() {
      const closed = close().then(() => owned.disposeAsync());
      const isClosed = closed.then(() => true);
      if (await Promise.race([isClosed, waitFor(closeLimitMs, false, { ref: false })])) return;
      for (const pool of Object.values(pools)) if (!pool.ending) pool.end().catch(() => {});
      sockets.cut();
      await closed;
    },
  };
}

async function prepareDatabase({ url, clock }: PostgresStoreOptions): Promise<void> {
  const client = new pg.Client(connectionOptions(url));
  client.on("error", () => {});
  await client.connect();
  try {
    await migrate(client, { migrations, clock });
  } finally {
    await client.end().catch(() => {});
  }
}

function poolFacts(name: ConnectionPool["name"], pool: pg.Pool): ConnectionPool {
  const { totalCount: open, idleCount: idle, waitingCount: waiting } = pool;
  return { name, limit: connections[name], open, idle, waiting };
}

interface Pools {
  readonly readers: pg.Pool;
  readonly writers: pg.Pool;
}

function createSessions(
  options: PostgresStoreOptions,
  where: string,
  { readers, writers }: Pools,
  replay: Replay,
) {
  const { database } = replay;
  const pause = conflictPause(options.random);
  const lane = (name: CommitFacts["lane"], open: Parameters<typeof createLane>[0]["open"]) => {
    const onCommit = (facts: Omit<CommitFacts, "lane">) => options.onCommit?.({ lane: name, ...facts });
    return createLane({ pool: writers, replay, where, open, pause, onCommit });
  };
  const rows = new WorkingRows(replay);
  const opening = openings(options.clock, rows);
  const lanes = {
    catalog: lane("catalog", opening.catalog),
    jobs: lane("jobs", opening.jobs),
    telemetry: lane("telemetry", opening.telemetry),
    upkeep: lane("upkeep", opening.upkeep),
  };
  const ids = createIdSource(options);
  const read = createReader(readers, replay);
  let closed = false;
  const shared: Omit<Session, "writer"> = {
    database,
    async read(query) {
      if (closed) throw storeClosed();
      return await read(query).catch((error: unknown) => {
        throw toStoreError(error, where);
      });
    },
    clock: () => replay.once(options.clock),
    ids: { next: <Kind extends string>() => replay.once(() => ids.next<Kind>()) },
  };
  const sessions: Sessions = {
    catalog: { ...shared, writer: lanes.catalog },
    jobs: { ...shared, writer: lanes.jobs },
    telemetry: { ...shared, writer: lanes.telemetry },
    upkeep: { ...shared, writer: lanes.upkeep },
  };
  const anyStatement = database.prepare<[], unknown>("SELECT 1 WHERE NOT pg_is_in_recovery()");
  return {
    sessions,
    rows,
    probe: () => lanes.catalog.submit(() => void anyStatement.get()),
    async close() {
      closed = true;
      await Promise.all(Object.values(lanes).map((lane) => lane.close()));
    },
  };
}
