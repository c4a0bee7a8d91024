import type { Clock } from "../../engine/id.ts";
import { firstLeaseMs } from "../../engine/lease.ts";
import type { JobScope } from "../sql/session.ts";
import type { ClientExecutor } from "./connection.ts";
import { locks } from "./locks.ts";
import { postgresStatement } from "./statement-text.ts";

const lockExclusively = postgresStatement("SELECT pg_advisory_xact_lock(?)", true);
const lockShared = postgresStatement("SELECT pg_advisory_xact_lock_shared(?)", true);

/**
 * A job's row stands for all of its tasks: who changes any of them locks it first. All rows that are known
 * beforehand are locked at once and in one order, and of others only those that are free, so that no two
 * transactions wait for each other.
 */
const lockJobs = postgresStatement(
  `SELECT sequence FROM jobs WHERE sequence IN (
     SELECT job FROM tasks WHERE id = ANY(?)
     UNION SELECT sequence FROM jobs WHERE id = ANY(?)
     UNION SELECT unnest(?::bigint[])
   ) ORDER BY sequence FOR UPDATE`,
  true,
);

const extendLeases = postgresStatement(
  "UPDATE tasks SET lease_ends_at_ms = ?1 WHERE state = 2 AND lease_ends_at_ms < ?1",
  true,
);

/** What the transactions of each writer begin with. */
export function openings(clock: Clock) {
  return {
    catalog(executor: ClientExecutor): void {
      executor.send(lockExclusively, [locks.catalog]);
    },

    telemetry(executor: ClientExecutor): void {
      executor.send(lockExclusively, [locks.telemetry]);
    },

    jobs(executor: ClientExecutor, scopes: readonly Partial<JobScope>[], afterFailure: boolean): void {
      if (scopes.some((scope) => scope.submits)) executor.send(lockShared, [locks.catalog]);
      const tasks = scopes.flatMap((scope) => scope.tasks ?? []);
      const jobs = scopes.flatMap((scope) => scope.jobs ?? []);
      const sequences = scopes.flatMap((scope) => scope.sequences ?? []);
      if (tasks.length + jobs.length + sequences.length > 0) {
        executor.send(lockJobs, [tasks, jobs, sequences]);
      }
      // While the database was away nobody could extend a lease: the runners are not to blame for that.
      if (afterFailure) executor.send(extendLeases, [clock() + firstLeaseMs]);
    },
  };
}
