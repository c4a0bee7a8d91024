import type { DatabaseSync } from "node:sqlite";
import type { Clock, IdSource } from "../../engine/id.ts";
import type { Writer } from "./writer.ts";

/** What every part of the store works with. */
export interface Session {
  readonly database: DatabaseSync;
  /** Every write goes through here. */
  readonly writer: Writer;
  /**
   * Runs reads at once. Transactions never stay open across turns of the event loop, so one connection
   * serves both: what is read is committed, and everything committed is seen.
   */
  read<Result>(query: () => Result): Promise<Result>;
  readonly clock: Clock;
  readonly ids: IdSource;
}
