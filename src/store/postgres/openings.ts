import type { Clock } from "../../engine/id.ts";
import { firstLeaseMs } from "../../engine/lease.ts";
import type { JobScope } from "../sql/session.ts";
import type { ClientExecutor } from "./connection.ts";
import { locks } from "./locks.ts";
import { postgresStatement } from "./statement-text.ts";
import type { WorkingRows } from "./working-rows.ts";

const lockExclusively = postgresStatement("SELECT pg_advisory_xact_lock(?)", true);
const lockShared = postgresStatement("SELECT pg_advisory_xact_lock_shared(?)", true);

const extendLeases = postgresStatement(
  "UPDATE tasks SET lease_ends_at_ms = ?1 WHERE state = 2 AND lease_ends_at_ms < ?1",
  true,
);

/** What the transactions of each writer begin with. */
export function openings(clock: Clock, rows: WorkingRows) {
  return {
    async catalog(executor: ClientExecutor): Promise<void> {
      executor.send(lockExclusively, [locks.catalog]);
    },

    /** It waits for nobody: what somebody else has locked is left for later. */
    async upkeep(): Promise<void> {},

    async telemetry(executor: ClientExecutor): Promise<void> {
      executor.send(lockExclusively, [locks.telemetry]);
    },

    async jobs(
      executor: ClientExecutor,
      scopes: readonly Partial<JobScope>[],
      afterFailure: boolean,
    ): Promise<void> {
      if (scopes.some((scope) => scope.submits)) executor.send(lockShared, [locks.catalog]);
      // While the database was away nobody could extend a lease: the runners are not to blame for that.
      if (afterFailure) executor.send(extendLeases, [clock() + firstLeaseMs]);
      await rows.begin(executor, scopes);
    },
  };
}
