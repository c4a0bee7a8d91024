import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { messageOf, SystemError } from "../../errors.ts";

/** The database in a data folder. */
export const databaseFile = "control-plane.sqlite";
/** Whose lock says that a control plane uses the folder. */
export const lockFile = "control-plane.lock";

/** Long enough for a visiting command's write; the event loop stands still while SQLite waits. */
const busyTimeoutMs = 5_000;

/**
 * WAL with synchronous FULL: a commit returns when it is on the disk, which with writes committed
 * together costs little more than NORMAL, and NORMAL may lose acknowledged writes in a power cut.
 * macOS answers fsync before the drive has written; fullfsync makes it wait, other systems ignore it.
 */
export function openDatabase(path: string): DatabaseSync {
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

/** Makes the folder when it is missing, readable by its owner only: it holds hashes of keys. */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const why = messageOf(cause);
    throw new SystemError("store-failed", `The data folder ${folder} cannot be made: ${why}`, { cause });
  }
}

/** Makes the names in a folder durable. Windows cannot open folders and orders its metadata writes itself. */
export function syncFolder(folder: string): void {
  if (process.platform !== "win32") sync(folder, "r");
}

/** Makes the bytes of a file durable, which on Windows takes the right to write them. */
export function syncFile(path: string): void {
  sync(path, "r+");
}

function sync(path: string, flags: "r" | "r+"): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
