import type { Job } from "../../engine/job.ts";
import { executionStats } from "../../engine/job-state.ts";
import type { Progress } from "../../engine/progress.ts";
import { taskCounts, toJobRef } from "./job-ledger.ts";
import { type JobRow, jobStateOfCode } from "./job-table.ts";

export function toJob(row: JobRow, progress: readonly Progress[]): Job {
  return {
    ...toJobRef(row),
    automation: row.automation_id ?? undefined,
    state: jobStateOfCode(row.state),
    stats: executionStats(taskCounts(row), {
      firstStartedMs: row.first_started_at_ms ?? undefined,
      lastStoppedMs: row.last_stopped_at_ms ?? undefined,
      computeMs: row.compute_ms,
    }),
    progress: progress.map(({ label, total, done }) => ({ label, total, done })),
  };
}
