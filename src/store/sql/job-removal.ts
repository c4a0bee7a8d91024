import type { JobId } from "../../engine/job.ts";
import type { JobState } from "../../engine/job-state.ts";
import { countedStates, endedAtMs } from "../../engine/retention.ts";
import type { JobRemoval, RemovedJobs } from "../retention-port.ts";
import { idsFrom, submittedAtMs } from "./job-id-times.ts";
import { type JobRow, jobStateCodes, jobStateOfCode } from "./job-table.ts";
import { prepareJobRemovalStatements } from "./removed-job-table.ts";
import type { Session } from "./session.ts";
import type { RunTaskWork } from "./task-work.ts";

/** As many as are removed in the time that one commit takes. */
const jobsAtOnce = 20;
/** Read in one go; others get their turn in between. */
const idsAtOnce = 1_000;
/** Sorts after every id. */
const afterAll = "g";

export interface JobRemovals {
  findOldestKept(count: number): Promise<JobId | undefined>;
  removeJobs(step: JobRemoval): Promise<RemovedJobs>;
}

/** @param run the one that other work on jobs goes through, where there is only one writer. */
export function createJobRemovals({ database, read }: Session, run: RunTaskWork): JobRemovals {
  const statements = prepareJobRemovalStatements(database);

  function removeRows({ sequence, id }: JobRow): void {
    statements.note.run(sequence);
    statements.removeClusters.run(id, sequence);
    statements.removeQueues.run(sequence);
    statements.removeTaskStates.run(id);
    statements.removeProgress.run(sequence);
    statements.remove.run(sequence);
  }

  /** The newest of these states before that id, newest first. */
  const newest = (states: readonly JobState[], before: string, limit: number): Promise<JobId[]> =>
    read(() =>
      states
        .flatMap((state) => statements.newestInState.all(jobStateCodes[state], before, limit))
        .map(({ id }) => id)
        .toSorted((a, b) => (a > b ? -1 : 1))
        .slice(0, limit),
    );

  return {
    async findOldestKept(count) {
      let oldest: JobId | undefined;
      for (let left = count; left > 0; left -= idsAtOnce) {
        const limit = Math.min(left, idsAtOnce);
        const ids = await newest(countedStates, oldest ?? afterAll, limit);
        if (ids.length < limit) return undefined;
        oldest = ids.at(-1);
      }
      return oldest;
    },

    removeJobs: (step) =>
      run({}, (work) => {
        // A job that ended before was submitted before.
        const before = "olderThan" in step ? step.olderThan : idsFrom(step.endedBeforeMs);
        const code = jobStateCodes[step.state];
        const found = statements.takeInState.all(code, step.startingAfter ?? "", before, jobsAtOnce);
        const kept = statements.newestJob.get()?.sequence;
        let removed = 0;
        for (const taken of found) {
          const row = work.ledger.taken(taken);
          if (row.sequence === kept || !mayGo(row, step)) continue;
          removeRows(row);
          work.atEnd(() => work.ledger.forget(row.sequence));
          removed++;
        }
        return { removed, next: found.length < jobsAtOnce ? undefined : found.at(-1)?.id };
      }),
  };
}

/** Asked once more when the job is held: RetryJob may have come first. */
function mayGo(row: JobRow, step: JobRemoval): boolean {
  const state = jobStateOfCode(row.state);
  const endMs = endedAtMs({
    state,
    running: row.running,
    submittedAtMs: submittedAtMs(row.id),
    lastStoppedAtMs: row.last_stopped_at_ms ?? undefined,
    canceledAtMs: row.canceled_at_ms ?? undefined,
  });
  if (endMs === undefined || state !== step.state) return false;
  return "olderThan" in step ? row.id < step.olderThan : endMs < step.endedBeforeMs;
}
