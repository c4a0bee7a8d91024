import type { RetentionStore } from "../retention-port.ts";
import { createArtifactRemovals } from "./artifact-removal.ts";
import { createJobRemovals } from "./job-removal.ts";
import { prepareRemainsStatements } from "./removed-job-table.ts";
import type { Session } from "./session.ts";
import type { RunTaskWork } from "./task-work.ts";
import type { OwnTelemetryStore } from "./telemetry-store.ts";

interface RetentionDeps {
  readonly catalog: Session;
  readonly upkeep: Session;
  /** For work on jobs beside everybody else's. */
  readonly run: RunTaskWork;
  readonly telemetry: Pick<OwnTelemetryStore, "removeOfJobs" | "removeBeyondLimits">;
  readonly runAlone: RetentionStore["runAlone"];
}

/** Removed jobs that are looked at together. */
const jobsAtOnce = 20;
/** Tasks and groups each. */
const rowsAtOnce = 250;

export function createRetentionStore({
  catalog,
  upkeep,
  run,
  telemetry,
  runAlone,
}: RetentionDeps): RetentionStore {
  const remains = prepareRemainsStatements(upkeep.database);

  /** Returns whether all of their tasks are gone. */
  function removeTasks(first: number, last: number): boolean {
    const groups = remains.groups.all(first, last, rowsAtOnce);
    let left = rowsAtOnce;
    for (const { sequence, first_task, last_task } of groups) {
      if (left <= 0) return false;
      const end = Math.min(last_task, first_task + left - 1);
      remains.removeTaskProgress.run(first_task, end);
      remains.removeTasks.run(first_task, end);
      left -= end - first_task + 1;
      // SQLite gives the sequences of the last tasks out again: no group may name them any more.
      if (end < last_task) {
        remains.setFirstTask.run(end + 1, sequence);
        return false;
      }
      remains.removeDependencies.run(sequence);
      remains.removeGroup.run(sequence);
    }
    return groups.length < rowsAtOnce;
  }

  return {
    runAlone,
    ...createJobRemovals(upkeep, run),
    ...createArtifactRemovals(catalog),
    removeTelemetry: () => telemetry.removeBeyondLimits(),

    async removeRemains() {
      const jobs = (await upkeep.read(() => remains.oldest.all(jobsAtOnce))).map(({ job }) => job);
      const [first] = jobs;
      const last = jobs.at(-1);
      if (first === undefined || last === undefined) return false;
      // First what names tasks, then the tasks, then what says that they are to be removed.
      if (await telemetry.removeOfJobs(first, last)) return true;
      await upkeep.writer.submit(() => {
        if (removeTasks(first, last)) for (const job of jobs) remains.forget.run(job);
      });
      return true;
    },
  };
}
