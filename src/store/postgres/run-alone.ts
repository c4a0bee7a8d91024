import type { Pool } from "pg";
import { toStoreError } from "./failure.ts";
import { locks } from "./locks.ts";

/**
 * Runs work on one control plane at a time. The lock is held on a connection of its own between the work's
 * transactions; where that connection is lost, another control plane may begin before this one has ended, which
 * costs both of them some steps in vain and nothing else.
 */
export function runAloneOn(pool: Pool, where: string): (work: () => Promise<void>) => Promise<boolean> {
  const attempt = async <Result>(query: () => Promise<Result>): Promise<Result> => {
    try {
      return await query();
    } catch (error) {
      throw toStoreError(error, where);
    }
  };
  return async (work) => {
    const client = await attempt(() => pool.connect());
    let isLost = true;
    try {
      const { rows } = await attempt(() =>
        client.query("SELECT pg_try_advisory_lock($1) AS alone", [locks.retention]),
      );
      isLost = false;
      if (!rows[0]?.alone) return false;
      try {
        await work();
      } finally {
        // Without its connection it is nobody's lock.
        await client.query("SELECT pg_advisory_unlock($1)", [locks.retention]).catch(() => {
          isLost = true;
        });
      }
      return true;
    } finally {
      client.release(isLost);
    }
  };
}
