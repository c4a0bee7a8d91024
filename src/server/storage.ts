/** Where a control plane keeps what it is told: in one folder, or where several control planes share it. */
import { join } from "node:path";
import type { Clock, Random } from "../engine/id.ts";
import type { TelemetryLimits } from "../engine/telemetry.ts";
import type { CommitFacts, Store } from "../store/port.ts";
import { lockFile, makeDataFolder } from "../store/sqlite/database.ts";
import { dataFolderBusy, tryLock } from "../store/sqlite/lock.ts";
import { openSqliteStore } from "../store/sqlite/store.ts";
import { type BlobStore, openFileBlobs } from "./blobs.ts";
import type { S3Location } from "./s3-location.ts";

export interface StoragePlace {
  /** Holds everything that has no other place; one control plane at a time uses it. */
  readonly dataFolder: string;
  /** postgres://..., shared by any number of control planes. */
  readonly database?: string | undefined;
  /** A bucket for artifacts, shared as well. */
  readonly artifacts?: S3Location | undefined;
}

interface StorageDeps {
  /** The usual ones when undefined. */
  readonly telemetryLimits?: TelemetryLimits | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of connections to the database that break while nobody waits for an answer. */
  readonly onConnectionError: (error: Error) => void;
  readonly onCommit: (facts: CommitFacts) => void;
}

export interface Storage {
  readonly store: Store;
  readonly blobs: BlobStore;
  close(): Promise<void>;
}

/** Throws store-busy, store-newer, store-failed. */
export async function openStorage(place: StoragePlace, deps: StorageDeps): Promise<Storage> {
  await using resources = new AsyncDisposableStack();
  const store = await openStore(place, deps, resources);
  resources.defer(() => store.close());
  const blobs = await openBlobs(place, resources);
  const owned = resources.move();
  return { store, blobs, close: () => owned.disposeAsync() };
}

async function openStore(
  { dataFolder, database, artifacts }: StoragePlace,
  { clock, random, telemetryLimits, onConnectionError, onCommit }: StorageDeps,
  resources: AsyncDisposableStack,
): Promise<Store> {
  const common = { clock, random, role: "server", telemetryLimits, onCommit } as const;
  if (database === undefined) return await openSqliteStore({ ...common, dataFolder });
  if (artifacts === undefined) holdFolder(dataFolder, resources);
  const { openPostgresStore } = await import("../store/postgres/store.ts");
  return await openPostgresStore({ ...common, url: database, onConnectionError });
}

async function openBlobs(
  { dataFolder, artifacts }: StoragePlace,
  resources: AsyncDisposableStack,
): Promise<BlobStore> {
  if (artifacts === undefined) return await openFileBlobs(join(dataFolder, "artifacts"));
  const { openS3Blobs } = await import("./s3-blobs.ts");
  return resources.use(await openS3Blobs(artifacts));
}

/** Artifacts that are being received lie in the folder, and whoever opens it clears them away. */
function holdFolder(dataFolder: string, resources: AsyncDisposableStack): void {
  makeDataFolder(dataFolder);
  const lock = tryLock(join(dataFolder, lockFile), lockWaitMs);
  if (lock === undefined) throw dataFolderBusy(dataFolder);
  resources.use(lock);
}

/** Long enough for a control plane that is just ending. */
const lockWaitMs = 2_000;
