import { DatabaseSync } from "node:sqlite";
import { SystemError } from "../../errors.ts";
import { sqliteCode, toStoreError } from "./failure.ts";

/** SQLITE_BUSY. */
const busy = 5;

/**
 * Holds a data folder for one server. The lock is an exclusive transaction on a database of its own: the
 * operating system drops it when the process ends, however it ends, on Linux, macOS and Windows alike, so
 * a killed server never has to be cleaned up after. (No other code of this process may open the file:
 * closing any handle of it would drop a POSIX lock.)
 *
 * @param waitMs how long to wait for the holder to let go; the event loop stands still meanwhile.
 * @returns undefined when somebody else holds it.
 */
export function tryLock(path: string, waitMs: number): Disposable | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: waitMs });
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (sqliteCode(error) === busy) return undefined;
    throw toStoreError(error, path);
  }
  const held = database;
  return { [Symbol.dispose]: () => held.close() };
}

export function dataFolderBusy(folder: string): SystemError {
  return new SystemError("store-busy", `The data folder ${folder} is in use by another control plane`);
}
