/** The SDK's suites run on both stores: what an engine does differently, a user of the SDK must not see. */
import { randomBytes } from "node:crypto";
import { describe } from "node:test";
import type { Store } from "../../src/store/port.ts";
import { openPostgresStore } from "../../src/store/postgres/store.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { createScratchFolder } from "../support/scratch-folder.ts";

type Engine = "SQLite" | "PostgreSQL";

/** Where the control plane of a suite keeps its data. */
export interface Place {
  readonly dataFolder: string;
  /** Of PostgreSQL. */
  readonly database: string | undefined;
}

/** Opens the place of its own that each suite has; it lasts as long as the resources. */
export type OpenPlace = (resources: AsyncDisposableStack) => Promise<Place>;

/** Side by side, because a suite mostly waits: for Python to start, and for leases to end. */
export function onBothEngines(suite: (openPlace: OpenPlace) => void): void {
  describe("the Python SDK", { concurrency: true }, () => {
    for (const engine of ["SQLite", "PostgreSQL"] as const) {
      describe(`on ${engine}`, { concurrency: false }, () => suite((resources) => open(engine, resources)));
    }
  });
}

async function open(engine: Engine, resources: AsyncDisposableStack): Promise<Place> {
  const { path: dataFolder } = resources.use(await createScratchFolder());
  if (engine === "SQLite") return { dataFolder, database: undefined };
  const server = resources.use(await startPostgres({ durable: false }));
  return { dataFolder, database: await server.createDatabase("sdk") };
}

/** Beside the control plane that serves there, as a command of somebody who maintains it. */
export function openStoreBeside({ dataFolder, database }: Place): Promise<Store> {
  const options = { clock: Date.now, random: randomBytes, role: "command" } as const;
  return database === undefined
    ? openSqliteStore({ ...options, dataFolder })
    : openPostgresStore({ ...options, url: database });
}
